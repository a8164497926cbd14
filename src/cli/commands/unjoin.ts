import { action, examples, parseOutput, type Cli, type Configure, type Output } from '../io/command.ts';
import { CliError, exit, usageError, type ExitCode } from '../io/exit.ts';
import { runOptionsOf, type RunFlags } from '../io/run-flags.ts';
import { resolveTarget, targetOptions, type TargetOptions } from '../reads/target.ts';

interface Options extends TargetOptions, RunFlags {
  yes?: boolean;
}

/** `fedctl unjoin`: takes members out of a federation that stands on; what was made in them goes too. */
export const configureUnjoin: Configure = (command, cli) => {
  targetOptions(command.argument('<name>', 'the federation').argument('<cluster...>', 'the members that leave'))
    .option('-y, --yes', 'do not ask')
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
      examples(['fedctl unjoin myfederation member-2', 'fedctl unjoin myfederation member-2 --yes']),
    )
    .action(action(cli, (name: string, clusters: string[], options: Options) => unjoin(cli, name, clusters, options)));
};

async function confirm({ io }: Cli, clusters: string[], yes: boolean): Promise<void> {
  if (yes) return;
  if (!io.interactive) throw usageError('no terminal to ask on', ['give --yes']);
  const answer = await io.ask(
    `${clusters.join(', ')} leave the federation; what it made in them is deleted. Continue? [y/N] `,
  );
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError(exit.declined, 'declined: nothing was touched');
}

async function unjoin(cli: Cli, name: string, clusters: string[], options: Options): Promise<ExitCode> {
  const { io } = cli;
  const how = await runOptionsOf(options);
  const target = await resolveTarget(io, name, options);
  await confirm(cli, clusters, options.yes ?? false);
  const [{ changeMembers }, { hostOfTarget }] = await Promise.all([
    import('../runs/change-members.ts'),
    import('../reads/host.ts'),
  ]);
  const { federation } = target;
  const host = await hostOfTarget(io, target);
  return changeMembers(io, { federation, host, change: { unjoin: clusters }, takeOver: options.takeOver }, how);
}
