import { rollbackGraph } from '../src/graph/rollback.ts';
import { planned } from '../src/run/state.ts';
import { runMember } from './members.ts';
import type { Run } from './run.ts';
import { runGraph } from './run-graph.ts';

/**
 * Undoes what this run made, in reverse, once nothing of it works any more: members in children of their own, then
 * the host's steps. Blocked undos park like any other step. Must be called where nothing can cancel it.
 */
export async function rollBack(run: Run): Promise<void> {
  const { steps, clusters } = run.state;
  run.decisions.clear();
  run.paused = false;
  run.graph = rollbackGraph(run.graph, {
    // A step that runs again after `retry` is pending, but it began.
    step: (id) => (steps[id]?.startedAt ?? null) !== null,
    member: (name) => clusters[name] !== undefined && clusters[name].status !== 'pending',
  });
  run.apply({ type: 'status', status: 'rolling-back' });
  run.apply(planned(run.graph, (member) => clusters[member]?.workflowId ?? ''));
  await runGraph(run, (name) => runMember(run, name));
}
