import type { HostRef } from '../../catalogue/call.ts';
import type { ClusterSpec } from '../../spec/schema.ts';
import { action, examples, parseOutput, type Cli, type Configure, type Output } from '../io/command.ts';
import { usageError, type ExitCode } from '../io/exit.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../reads/target.ts';
import { parseTimeout } from './up.ts';

interface Options extends TargetOptions {
  output: Output;
  clusterContext?: string;
  clusterKubeconfig?: string;
  adopt?: boolean;
  takeOver?: boolean;
  cancelFirst?: boolean;
  detach?: boolean;
  timeout?: string;
}

/** `fedctl join`: adds members to a federation that stands, by the steps of a turn-up. */
export const configureJoin: Configure = (command, cli) => {
  targetOptions(
    command.argument('[name]', 'the federation').argument('[cluster...]', 'members (with -f default: all new ones)'),
  )
    .option('--cluster-context <context>', 'without -f: context of the member (default: its name)')
    .option('--cluster-kubeconfig <file>', 'without -f: kubeconfig of the member, as seen by the worker')
    .option('--adopt', 'take a Secret or Cluster that was made by hand')
    .option('--take-over', 'become the owner though another run holds the federation')
    .option('--cancel-first', 'end an open run first; what stands is kept')
    .option('-d, --detach', 'start the run and return at once')
    .option('--timeout <duration>', 'follow at most this long; the run goes on (exit 4)')
    .option(
      '-o, --output <format>',
      'table, json, yaml or jsonl',
      (value) => parseOutput(value, ['jsonl']),
      'table' as Output,
    )
    .addHelpText(
      'after',
      examples([
        'fedctl join -f federation.yaml                # every member of the file that has not joined',
        'fedctl join -f federation.yaml myfederation member-3',
        'fedctl join myfederation member-3 --cluster-context gke_member-3',
      ]),
    )
    .action(
      action(cli, async (name: string | undefined, clusters: string[], options: Options) => {
        const timeoutMs = await parseTimeout(options.timeout);
        return join(cli, name, clusters, { ...options, timeoutMs });
      }),
    );
};

/** Where the federation is, and who is to join. */
interface Joining {
  federation: string;
  host: HostRef;
  members: ClusterSpec[];
}

async function join(
  cli: Cli,
  name: string | undefined,
  clusters: string[],
  { takeOver, adopt, cancelFirst = false, detach = false, ...options }: Options & { timeoutMs: number | undefined },
): Promise<ExitCode> {
  const { federation, host, members } = options.file
    ? await fromFile(cli, options.file, name, clusters)
    : await fromFlags(cli, name, clusters, options);
  const names = members.map((member) => member.name).join(', ');
  if (members.length === 0) {
    cli.io.note(`every member of the file has joined ${federation} already`);
    return 0;
  }
  const [{ connectTemporal }, { runCommand }, { whoAmI }, { digestOfChoices }] = await Promise.all([
    import('../../temporal/client.ts'),
    import('../runs/run-command.ts'),
    import('../io/who-am-i.ts'),
    import('../files/digest.ts'),
  ]);
  const input = {
    operation: 'join' as const,
    federation,
    uuid: crypto.randomUUID(),
    startedBy: whoAmI(),
    host,
    digest: digestOfChoices({ join: members }),
    join: members,
    ...(takeOver ? { takeOver } : {}),
    ...(adopt ? { adopt } : {}),
  };
  const { output, timeoutMs } = options;
  const done = `${names} joined ${federation}`;
  const temporal = await connectTemporal(cli.io.env);
  return runCommand(cli.io, temporal, input, { host }, { output, timeoutMs, cancelFirst, detach, done });
}

/** Members of the file: those named, or all that the record does not know. */
async function fromFile({ io }: Cli, file: string, name: string | undefined, given: string[]): Promise<Joining> {
  const { readSpecFile } = await import('../files/spec-file.ts');
  const { federation, host, spec } = await readSpecFile(io, file);
  const asked = name === undefined || name === federation ? given : [name, ...given];
  const unknown = asked.filter((one) => !spec.clusters.some((cluster) => cluster.name === one));
  if (unknown.length > 0) throw usageError(`${file} has no cluster ${unknown.join(', ')}`);
  if (asked.length > 0) return { federation, host, members: spec.clusters.filter((one) => asked.includes(one.name)) };
  const { openLocal } = await import('../../../worker/local.ts');
  const record = await openLocal(io.env)
    .record(host)
    .catch(() => undefined);
  if (!record)
    throw usageError(`the record of ${federation} cannot be read from here, so it is not known who is new`, [
      `name them: fedctl join -f ${file} ${spec.clusters.map((cluster) => cluster.name).join(' ')}`,
    ]);
  const members = spec.clusters.filter((one) => !record.members.some((known) => known.name === one.name));
  return { federation, host, members };
}

async function fromFlags({ io }: Cli, name: string | undefined, given: string[], options: Options): Promise<Joining> {
  const [member] = given;
  if (name === undefined || member === undefined || given.length > 1)
    throw usageError('which cluster joins which federation?', [
      'fedctl join NAME CLUSTER --cluster-context CONTEXT',
      'fedctl join -f FILE [CLUSTER...]',
    ]);
  const [{ hostOfTarget }, { clusterSchema }] = await Promise.all([
    import('../reads/host.ts'),
    import('../../spec/schema.ts'),
  ]);
  const host = await hostOfTarget(io, await resolveTarget(io, name, options));
  const { clusterContext: context = member, clusterKubeconfig: kubeconfig } = options;
  const parsed = clusterSchema.safeParse({ name: member, context, ...(kubeconfig ? { kubeconfig } : {}) });
  if (!parsed.success) throw usageError(`${member}: ${parsed.error.issues.map(({ message }) => message).join('; ')}`);
  return { federation: name, host, members: [parsed.data] };
}
