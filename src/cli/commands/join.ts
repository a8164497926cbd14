import { action, examples, parseOutput, type Cli, type Configure, type Output } from '../io/command.ts';
import { exit, type ExitCode } from '../io/exit.ts';
import { runOptionsOf, type RunFlags } from '../io/run-flags.ts';
import type { MemberFlags } from '../reads/joining.ts';
import { targetOptions, type TargetOptions } from '../reads/target.ts';

interface Options extends TargetOptions, RunFlags, MemberFlags {
  adopt?: boolean;
}

/** `fedctl join`: adds members to a federation that stands, by the steps of a turn-up. */
export const configureJoin: Configure = (command, cli) => {
  targetOptions(
    command.argument('[name]', 'the federation').argument('[cluster...]', 'members (with -f default: all new ones)'),
  )
    .option('--cluster-context <context>', 'without -f: context of the member (default: its name)')
    .option('--cluster-kubeconfig <file>', 'without -f: kubeconfig of the member, as seen by the worker')
    .option('--adopt', 'adopt a Secret or Cluster that was created by hand')
    .option('--take-over', 'become the owner even if another run owns the federation')
    .option('--cancel-first', 'cancel an open run first; its objects are kept')
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
      action(cli, (name: string | undefined, clusters: string[], options: Options) =>
        join(cli, name, clusters, options),
      ),
    );
};

async function join({ io }: Cli, name: string | undefined, given: string[], options: Options): Promise<ExitCode> {
  const how = await runOptionsOf(options);
  const { joiningOfFile, joiningOfFlags } = await import('../reads/joining.ts');
  const { federation, host, members } = options.file
    ? await joiningOfFile(io, options.file, name, given)
    : await joiningOfFlags(io, name, given, options);
  if (members.length === 0) {
    io.note(`every member of the file has joined ${federation} already`);
    return exit.done;
  }
  const { changeMembers } = await import('../runs/change-members.ts');
  const { takeOver, adopt } = options;
  return changeMembers(io, { federation, host, change: { join: members }, takeOver, adopt }, how);
}
