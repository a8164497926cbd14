import type { Temporal } from './client.ts';

/** The latest run of a federation, as Temporal itself knows it. */
export interface ListedRun {
  federation: string;
  operation: string;
  status: string;
  /** ISO 8601. */
  startedAt: string;
  workflowId: string;
}

const query = `WorkflowType IN ('federationUp', 'federationDown', 'federationJoin', 'federationUnjoin')`;

/** The latest run of every federation that Temporal knows, by name. Throws what the connection throws. */
export async function listRuns({ client }: Pick<Temporal, 'client'>): Promise<ListedRun[]> {
  const latest = new Map<string, ListedRun>();
  for await (const { workflowId, status, startTime, memo } of client.workflow.list({ query })) {
    const operation = memo?.['operation'];
    const run: ListedRun = {
      federation: workflowId.replace(/^federation\//, ''),
      operation: typeof operation === 'string' ? operation : '',
      status: status.name.toLowerCase(),
      startedAt: startTime.toISOString(),
      workflowId,
    };
    const known = latest.get(run.federation);
    if (!known || known.startedAt < run.startedAt) latest.set(run.federation, run);
  }
  return [...latest.values()].sort((a, b) => a.federation.localeCompare(b.federation));
}
