import { action, examples, parseOutput, type Cli, type Configure, type Output } from '../io/command.ts';
import { CliError, exit, usageError, type ExitCode } from '../io/exit.ts';
import type { Temporal } from '../../temporal/client.ts';
import { resolveTarget, targetOptions, type Target, type TargetOptions } from '../reads/target.ts';

interface Options extends TargetOptions {
  output: Output;
  watch?: boolean;
}

const exitCodes = `

With -o json: .standing is the state of the clusters themselves (host,
components, members, zone, certificates; null when there is no record),
.lastRun the run that is open or was the last, .status, .phases and .clusters
the state of that run, .debts the clean-up that members still owe.

Exit code: 0 when the federation is known, whatever the state of its run (read
.status of -o json); 1 when it is not. With --watch that of the run:
0 completed, 1 failed, 5 cancelled, 6 blocked.`;

/** `fedctl status`: the state of a federation and its run; with `--watch` until the run ends or blocks. */
export const configureStatus: Configure = (command, cli) => {
  targetOptions(command.argument('[name]', 'the federation'))
    .option(
      '-o, --output <format>',
      'table, json, yaml; jsonl with --watch',
      (value) => parseOutput(value, ['jsonl']),
      'table' as Output,
    )
    .option('-w, --watch', 'follow the run until it ends or blocks')
    .addHelpText(
      'after',
      examples([
        'fedctl status myfederation',
        'fedctl status myfederation --watch',
        'fedctl status -f federation.yaml -o json',
      ]) + exitCodes,
    )
    .action(
      action(cli, async (name: string | undefined, options: Options) => {
        if (options.output === 'jsonl' && !options.watch) throw usageError('-o jsonl goes with --watch');
        const target = await resolveTarget(cli.io, name, options);
        if (options.output === 'table') cli.io.note(`looking at ${target.federation}`);
        const temporal = await connect(cli);
        if (options.watch && temporal) return watch(cli, target, temporal, options.output);
        const code = await once(cli, target, temporal, options.output === 'jsonl' ? 'json' : options.output);
        if (!options.watch) return code;
        cli.io.note('there is no run to watch without a Temporal server; this is what the host cluster knows');
        return exit.failed;
      }),
    );
};

/** Temporal, or undefined with a note: the record answers then. */
async function connect({ io }: Cli): Promise<Temporal | undefined> {
  const { connectTemporal } = await import('../../temporal/client.ts');
  try {
    return await connectTemporal(io.env);
  } catch (error) {
    io.note(`note: ${(error as Error).message}`);
    return undefined;
  }
}

async function once({ io }: Cli, target: Target, temporal: Temporal | undefined, output: Output): Promise<ExitCode> {
  const [{ readStatus, sourcesOf }, { printDocument }, { statusDocument }, { statusLines }] = await Promise.all([
    import('../runs/read-status.ts'),
    import('../io/document.ts'),
    import('../views/status-document.ts'),
    import('../views/status-view.ts'),
  ]);
  const { model, notes, unknown } = await readStatus(sourcesOf(io, target, temporal), target);
  for (const note of notes) io.note(`note: ${note}`);
  const lines = () => statusLines(model, { columns: io.size().columns, now: Date.now(), paint: io.paintResult });
  if (!unknown || output !== 'table') await printDocument(io, output, statusDocument(model), lines);
  if (unknown) throw await unknownFederation(target.federation, temporal);
  return exit.done;
}

/** Nobody knows it: the name that was probably meant, and where to look. */
async function unknownFederation(federation: string, temporal: Temporal | undefined): Promise<CliError> {
  const [{ listRuns }, { nearest }] = await Promise.all([
    import('../reads/list-runs.ts'),
    import('../../spec/nearest.ts'),
  ]);
  const known = temporal ? await listRuns(temporal).catch(() => []) : [];
  const meant = nearest(
    federation,
    known.map((run) => run.federation),
  );
  return new CliError(exit.failed, `there is no federation ${federation}`, [
    ...(meant ? [`did you mean ${meant}? fedctl status ${meant}`] : []),
    'list the federations in Temporal: fedctl list',
    'if it is on another host cluster: --context, or -f FILE',
  ]);
}

async function watch({ io }: Cli, target: Target, temporal: Temporal, output: Output): Promise<ExitCode> {
  const [{ followToEnd }, { workflowIdOf }, { observeRun }] = await Promise.all([
    import('../runs/start-run.ts'),
    import('../../run/input.ts'),
    import('../reads/observe.ts'),
  ]);
  const { federation } = target;
  const run = await observeRun(temporal, workflowIdOf(federation));
  if (!run) throw await unknownFederation(federation, temporal);
  return followToEnd(io, temporal, { federation, known: run.memo, output });
}
