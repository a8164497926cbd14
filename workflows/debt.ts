import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { DebtInput } from '../src/run/input.ts';
import { isPassed } from '../src/run/schedule.ts';
import { planned } from '../src/run/state.ts';
import { closing, type RunResult } from './federation.ts';
import { setHandlers } from './handlers.ts';
import { Run } from './run.ts';
import { runGraph } from './run-graph.ts';

const alone = async (): Promise<void> => {};

/**
 * Clean-up owed by a member that did not answer: waits for it, undoes what is in it, and takes the debt out of the
 * record. Cancelled (`down --forget`), it only does the last: what is in the member stays there.
 */
export async function runDebt(input: DebtInput): Promise<RunResult> {
  const { name, context, kubeconfig } = input.member;
  const member = { name, context, ...(kubeconfig ? { kubeconfig } : {}) };
  const run = new Run(input.run, { uuid: input.uuid, firstRunId: input.firstRunId, member });
  const scope = new CancellationScope();
  setHandlers(run, () => scope.cancel());
  const { blockedForMs, slowEveryMs } = input;
  run.graph = { steps: input.forget ? [] : input.undos, clusters: null, blockedForMs, slowEveryMs };
  run.apply(planned({ ...run.graph, steps: [...run.graph.steps, input.settle] }, () => ''));
  await closing(run, async () => {
    await undoAll(run, scope);
    await CancellationScope.nonCancellable(() => settle(run, input));
  });
  return { status: run.state.status, uuid: run.state.uuid };
}

/** Ends early when it is cancelled. */
async function undoAll(run: Run, scope: CancellationScope): Promise<void> {
  try {
    await scope.run(() => runGraph(run, alone));
  } catch (error) {
    if (!isCancellation(error)) throw error;
    run.graph = { ...run.graph, steps: [] };
  }
}

async function settle(run: Run, input: DebtInput): Promise<void> {
  if (!run.graph.steps.every(({ id }) => isPassed(run.state.steps[id]?.status))) return;
  const steps = [...run.graph.steps, input.settle];
  run.graph = { ...run.graph, steps };
  run.apply({ type: 'amended', steps, again: [], members: [] });
  await runGraph(run, alone);
}
