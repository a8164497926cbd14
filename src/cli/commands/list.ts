import { action, examples, parseOutput, type Configure, type Output } from '../io/command.ts';
import { printDocument } from '../io/document.ts';

/** `fedctl list`: the latest run of every federation that Temporal knows. */
export const configureList: Configure = (command, cli) => {
  command
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText('after', examples(['fedctl list', 'fedctl list -o json']))
    .action(
      action(cli, async (options: { output: Output }) => {
        const { io } = cli;
        const [{ connectTemporal }, { listRuns }, { runLines }] = await Promise.all([
          import('../../temporal/client.ts'),
          import('../reads/list-runs.ts'),
          import('../views/tables.ts'),
        ]);
        const rows = await listRuns(await connectTemporal(io.env));
        await printDocument(io, options.output, rows, () => runLines(rows, Date.now(), io.resultColumns()));
      }),
    );
};
