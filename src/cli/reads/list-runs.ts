import { searchAttributes } from '../../run/search-attributes.ts';
import type { Temporal } from '../../temporal/client.ts';
import type { ListedRun } from '../views/tables.ts';

const query = `WorkflowType IN ('federationUp', 'federationDown', 'federationJoin', 'federationUnjoin')`;

/** How runs end by their own word; the execution of one that was cancelled by an Update has failed, to Temporal. */
const endings: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/** A run's status by its own word (search attribute) where that is news, else as Temporal sees the execution. */
export function statusOf(execution: string, said: unknown): string {
  const name = execution.toLowerCase();
  if (typeof said !== 'string') return name;
  const fits = name === 'running' ? !endings.has(said) : name === 'failed' && endings.has(said);
  return fits ? said : name;
}

/** The latest run of every federation that Temporal knows, by name. Throws what the connection throws. */
export async function listRuns({ client }: Pick<Temporal, 'client'>): Promise<ListedRun[]> {
  const latest = new Map<string, ListedRun>();
  for await (const { workflowId, status, startTime, memo, typedSearchAttributes } of client.workflow.list({ query })) {
    const operation = memo?.['operation'];
    const run: ListedRun = {
      federation: workflowId.replace(/^federation\//, ''),
      operation: typeof operation === 'string' ? operation : '',
      status: statusOf(status.name, typedSearchAttributes.get(searchAttributes.status)),
      startedAt: startTime.toISOString(),
      workflowId,
    };
    const known = latest.get(run.federation);
    if (!known || known.startedAt < run.startedAt) latest.set(run.federation, run);
  }
  return [...latest.values()].sort((a, b) => a.federation.localeCompare(b.federation));
}
