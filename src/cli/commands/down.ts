import type { HostRef } from '../../catalogue/call.ts';
import type { DownChoices } from '../../graph/freeze.ts';
import type { RunInput } from '../../run/input.ts';
import type { Temporal } from '../../temporal/client.ts';
import { taskQueueOf } from '../../temporal/task-queue.ts';
import { action, examples, parseOutput, type Cli, type Configure, type Output } from '../io/command.ts';
import { CliError, exit, usageError, type ExitCode } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { whoAmI } from '../io/who-am-i.ts';
import type { ContextRef } from '../files/kubeconfig-file.ts';
import { resolveTarget, targetOptions, type Target, type TargetOptions } from '../reads/target.ts';
import { parseTimeout } from './up.ts';

interface Options extends TargetOptions {
  output: Output;
  yes?: boolean;
  volumes?: string;
  federatedObjects?: string;
  deleteNamespace?: boolean;
  keepZone?: boolean;
  detach?: boolean;
  timeout?: string;
  takeOver?: boolean;
  cancelFirst?: boolean;
  forget?: string;
}

/** `fedctl down`: takes away what fedctl made, and only that, after the person said so. */
export const configureDown: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .option('-y, --yes', 'do not ask; needs --volumes')
    .option('--volumes <choice>', "keep or delete etcd's volume")
    .option('--federated-objects <choice>', 'delete or orphan what the federation spread')
    .option('--keep-zone', 'leave the DNS zone')
    .option('--delete-namespace', 'also a namespace that was there before, or holds more')
    .option('-d, --detach', 'start the run and return at once')
    .option('--timeout <duration>', 'follow at most this long; the run goes on (exit 4)')
    .option('--forget <member>', 'close the debt of a member that will never answer again; nothing else is done')
    .option('--cancel-first', 'end an open run first')
    .option('--take-over', 'become the owner though another run holds the federation')
    .option(
      '-o, --output <format>',
      'table, json, yaml or jsonl',
      (value) => parseOutput(value, ['jsonl']),
      'table' as Output,
    )
    .addHelpText('after', examples(['fedctl down myfederation', 'fedctl down myfederation --yes --volumes delete']))
    .action(
      action(cli, async (name: string | undefined, options: Options) => {
        const timeoutMs = await parseTimeout(options.timeout);
        const choices = chooseFlags(options);
        const target = await resolveTarget(cli.io, name, options);
        if (options.forget !== undefined) return forget(cli, target, options.forget);
        const decided = await decide(cli.io, target.federation, options, choices);
        return down(cli, target, decided, { ...options, timeoutMs });
      }),
    );
};

async function forget({ io }: Cli, target: Target, member: string): Promise<ExitCode> {
  const [{ connectTemporal }, { forgetDebt }, { hostOfTarget }] = await Promise.all([
    import('../../temporal/client.ts'),
    import('../runs/debts.ts'),
    import('../reads/host.ts'),
  ]);
  const host = await hostOfTarget(io, target);
  io.result(await forgetDebt(io, await connectTemporal(io.env), { federation: target.federation, member, host }));
  return exit.done;
}

function oneOf<T extends string>(flag: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((word) => word === value);
  if (!found) throw usageError(`${flag} ${value}: not one of ${allowed.join(', ')}`);
  return found;
}

const chooseFlags = (options: Options): Partial<DownChoices> => {
  const volumes = oneOf('--volumes', options.volumes, ['keep', 'delete']);
  const federatedObjects = oneOf('--federated-objects', options.federatedObjects, ['delete', 'orphan']);
  return {
    ...(volumes ? { volumes } : {}),
    ...(federatedObjects ? { federatedObjects } : {}),
    ...(options.keepZone ? { keepZone: true } : {}),
    ...(options.deleteNamespace ? { deleteNamespace: true } : {}),
  };
};

/** Asks what the flags left open. Throws usageError without a terminal, CliError (exit 5) for a no. */
export async function decide(
  io: Io,
  federation: string,
  options: Pick<Options, 'yes'>,
  flags: Partial<DownChoices>,
): Promise<DownChoices> {
  if (!options.yes && !io.interactive)
    throw usageError('no terminal to ask on', [`fedctl down ${federation} --yes --volumes keep|delete`]);
  if (options.yes && !flags.volumes)
    throw usageError('--yes needs --volumes keep or --volumes delete', ["what shall become of etcd's volume?"]);
  if (!options.yes) {
    const typed = await io.ask(
      `This takes down ${federation}: control plane, registrations, DNS.\nType its name to go on: `,
    );
    if (typed.trim() !== federation) throw new CliError(exit.declined, `declined: nothing was touched`);
  }
  const volumes = flags.volumes ?? (await askVolumes(io));
  return { ...flags, volumes };
}

async function askVolumes(io: Io): Promise<'keep' | 'delete'> {
  const answer = (await io.ask("etcd's volume holds the state of the federation. keep or delete it? [keep] ")).trim();
  if (answer === '' || answer === 'keep') return 'keep';
  if (answer === 'delete') return 'delete';
  throw new CliError(exit.declined, `declined: ${answer} is neither keep nor delete; nothing was touched`);
}

type Settled = Options & { timeoutMs: number | undefined };

async function down(cli: Cli, target: Target, choices: DownChoices, options: Settled): Promise<ExitCode> {
  const { io } = cli;
  const { federation } = target;
  const [{ connectTemporal }, { hostOfTarget }, { assertFree }, { reopenDebts }] = await Promise.all([
    import('../../temporal/client.ts'),
    import('../reads/host.ts'),
    import('../reads/lock.ts'),
    import('../runs/debts.ts'),
  ]);
  const temporal = await connectTemporal(io.env);
  const host = await hostOfTarget(io, target);
  if (await wasDown(io, temporal, federation, host)) return exit.done;
  const takeOver = options.takeOver ?? false;
  await assertFree(io, temporal, { federation, host, takeOver });
  for (const line of await reopenDebts(io, temporal, { federation, host })) io.note(line);
  return run(io, temporal, await inputOf(federation, host, choices, takeOver), options);
}

/** Says so of a federation that is down already; nobody followed that run to its end, perhaps. */
async function wasDown(io: Io, temporal: Temporal, federation: string, host: HostRef): Promise<boolean> {
  const [{ downBefore }, { forgetContext }] = await Promise.all([
    import('../reads/already-down.ts'),
    import('../runs/operator-files.ts'),
  ]);
  const before = await downBefore(io, temporal, federation, host);
  if (!before) return false;
  for (const line of await forgetContext(io, before.kubeconfig)) io.note(line);
  io.note(`${federation} is down already: nothing to do`);
  return true;
}

async function run(io: Io, temporal: Temporal, input: RunInput, options: Settled): Promise<ExitCode> {
  const [{ startRun }, { linkLine }, { contextOfHost }] = await Promise.all([
    import('../runs/start-run.ts'),
    import('../runs/tell.ts'),
    import('../runs/operator-files.ts'),
  ]);
  const taskQueue = taskQueueOf(io.env);
  const { host } = input;
  const kubeconfig = await contextOfHost(io, host);
  const memo = { host, ...(kubeconfig ? { kubeconfig } : {}) };
  const { cancelFirst = false } = options;
  const started = await startRun(temporal, input, memo, { taskQueue, cancelFirst });
  const { workflowId, runId, fresh } = started;
  io.note(fresh ? `run ${workflowId} started` : `run ${workflowId} is open with the same choices: attached to it`);
  for (const line of linkLine(temporal, workflowId, runId)) io.note(line);
  if (options.detach) {
    io.result(workflowId);
    return exit.done;
  }
  return followDown(io, input, { temporal, workflowId, taskQueue, kubeconfig }, options);
}

async function followDown(
  io: Io,
  { federation, down: choices }: RunInput,
  started: { temporal: Temporal; workflowId: string; taskQueue: string; kubeconfig: ContextRef | undefined },
  { output, timeoutMs }: Settled,
): Promise<ExitCode> {
  const [{ follow }, { interruption }, { closingLines }, { forgetContext }, { printFollowed }] = await Promise.all([
    import('../runs/follow.ts'),
    import('../io/interruption.ts'),
    import('../runs/tell.ts'),
    import('../runs/operator-files.ts'),
    import('../views/status-document.ts'),
  ]);
  const { kubeconfig, ...run } = started;
  const followed = await follow(io, { ...run, known: {}, output, timeoutMs, detach: interruption(['SIGINT']) });
  for (const line of closingLines(io, federation, followed)) io.note(line);
  if (followed.code === exit.done) {
    io.note(`${federation} is down${choices?.volumes === 'keep' ? "; etcd's volume was kept" : ''}`);
    for (const line of await forgetContext(io, kubeconfig)) io.note(line);
  }
  await printFollowed(io, output, followed.model);
  return followed.code;
}

async function inputOf(federation: string, host: HostRef, choices: DownChoices, takeOver: boolean): Promise<RunInput> {
  const { digestOfChoices } = await import('../files/digest.ts');
  return {
    operation: 'down',
    federation,
    uuid: crypto.randomUUID(),
    startedBy: whoAmI(),
    host,
    digest: digestOfChoices(choices),
    down: choices,
    ...(takeOver ? { takeOver: true } : {}),
  };
}
