import { action, examples, parseOutput, type Configure, type Output } from '../command.ts';
import { printDocument } from '../document.ts';
import { formatDuration, table } from '../format.ts';

interface Row {
  federation: string;
  operation: string;
  status: string;
  startedAt: string;
  workflowId: string;
}

/** `fedctl list`: the latest run of every federation that Temporal knows. */
export const configureList: Configure = (command, cli) => {
  command
    .option('-o, --output <format>', 'table, json or yaml', (value) => parseOutput(value), 'table' as Output)
    .addHelpText('after', examples(['fedctl list', 'fedctl list -o json']))
    .action(
      action(cli, async (options: { output: Output }) => {
        const { io } = cli;
        const { connectTemporal } = await import('../client.ts');
        const temporal = await connectTemporal(io.env);
        const latest = new Map<string, Row>();
        const query = `WorkflowType IN ('federationUp', 'federationDown', 'federationJoin', 'federationUnjoin')`;
        for await (const run of temporal.client.workflow.list({ query })) {
          const row = rowOf(run);
          const known = latest.get(row.federation);
          if (!known || known.startedAt < row.startedAt) latest.set(row.federation, row);
        }
        const rows = [...latest.values()].sort((a, b) => a.federation.localeCompare(b.federation));
        await printDocument(io, options.output, rows, () => lines(rows, Date.now()));
      }),
    );
};

function rowOf(run: {
  workflowId: string;
  status: { name: string };
  startTime: Date;
  memo?: Record<string, unknown>;
}): Row {
  const { workflowId, status, startTime, memo } = run;
  return {
    federation: workflowId.replace(/^federation\//, ''),
    operation: typeof memo?.['operation'] === 'string' ? memo['operation'] : '',
    status: status.name.toLowerCase(),
    startedAt: startTime.toISOString(),
    workflowId,
  };
}

const lines = (rows: readonly Row[], now: number): string[] =>
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
