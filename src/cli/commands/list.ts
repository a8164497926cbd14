import { action, examples, parseOutput, type Configure, type Output } from '../command.ts';
import { printDocument } from '../document.ts';
import { formatDuration, table } from '../format.ts';
import type { ListedRun } from '../list-runs.ts';

/** `fedctl list`: the latest run of every federation that Temporal knows. */
export const configureList: Configure = (command, cli) => {
  command
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText('after', examples(['fedctl list', 'fedctl list -o json']))
    .action(
      action(cli, async (options: { output: Output }) => {
        const { io } = cli;
        const [{ connectTemporal }, { listRuns }] = await Promise.all([
          import('../client.ts'),
          import('../list-runs.ts'),
        ]);
        const rows = await listRuns(await connectTemporal(io.env));
        await printDocument(io, options.output, rows, () => lines(rows, Date.now()));
      }),
    );
};

const lines = (rows: readonly ListedRun[], now: number): string[] =>
  rows.length === 0
    ? ['no federations; turn one up: fedctl up -f federation.yaml']
    : table([
        ['FEDERATION', 'LAST RUN', 'STATUS', 'AGE'],
        ...rows.map((row) => [
          row.federation,
          row.operation,
          row.status,
          formatDuration(now - Date.parse(row.startedAt)),
        ]),
      ]);
