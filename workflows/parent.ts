import { getExternalWorkflowHandle, log, workflowInfo } from '@temporalio/workflow';
import { type ClusterChange, clusterChangedSignal } from '../src/run/messages.ts';
import { blockedOf } from '../src/run/schedule.ts';
import { blockOf, type RunState } from '../src/run/state.ts';

/** Tells the parent when a member's run became blocked or goes on: nothing else, so that its history stays short. */
export function tellParent(before: RunState, after: RunState): void {
  const parent = workflowInfo().parent;
  if (!parent || after.member === null) return;
  const [was, is] = [before.status === 'blocked', after.status === 'blocked'];
  if (was === is) return;
  const step = is ? after.steps[blockedOf(after)[0] ?? ''] : undefined;
  const change: ClusterChange = {
    name: after.member,
    status: is ? 'blocked' : 'joining',
    blockedStep: step?.id ?? null,
    ...(step ? { block: blockOf(step) } : {}),
  };
  // A parent that is gone needs no news; the member finishes its own work all the same.
  getExternalWorkflowHandle(parent.workflowId, parent.runId)
    .signal(clusterChangedSignal, change)
    .catch((error: unknown) => log.warn('the parent could not be notified', { error: String(error) }));
}
