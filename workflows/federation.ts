import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunInput } from '../src/run/input.ts';
import { isComplete } from '../src/run/schedule.ts';
import type { RunState } from '../src/run/state.ts';
import { setHandlers } from './handlers.ts';
import { hold, letGo } from './holding.ts';
import { runMember } from './members.ts';
import { plan } from './planning.ts';
import { rollBack } from './roll-back.ts';
import { Run } from './run.ts';
import { runGraph } from './run-graph.ts';

/** What stays of a run when it is closed. */
export interface RunResult {
  status: RunState['status'];
  uuid: string;
}

/** Turns up a federation, or brings a standing one to its spec. Workflow id: `federation/<name>`. */
export async function federationUp(input: RunInput): Promise<RunResult> {
  return runFederation(input);
}

/** Takes away what fedctl made, in reverse. Workflow id: `federation/<name>`. */
export async function federationDown(input: RunInput): Promise<RunResult> {
  return runFederation(input);
}

/** Adds members to a federation that stands. Workflow id: `federation/<name>`. */
export async function federationJoin(input: RunInput): Promise<RunResult> {
  return runFederation(input);
}

/** Takes members out of a federation that stands on. Workflow id: `federation/<name>`. */
export async function federationUnjoin(input: RunInput): Promise<RunResult> {
  return runFederation(input);
}

/** Plans and interprets one run to its end. Throws ApplicationFailure RUN_FAILED when a step failed for good. */
async function runFederation(input: RunInput): Promise<RunResult> {
  const { spec = null, ...rest } = input;
  const run = new Run(rest, { uuid: input.uuid, firstRunId: workflowInfo().firstExecutionRunId });
  run.spec = spec;
  const scope = new CancellationScope();
  setHandlers(run, () => scope.cancel());
  const release = hold(run);
  try {
    await closing(run, () =>
      scope.run(async () => {
        if (await plan(run, input)) await runGraph(run, (name) => runMember(run, name));
      }),
    );
  } finally {
    release();
  }
  return { status: run.state.status, uuid: run.state.uuid };
}

/** Runs the work and puts its end into the state, so that query, details and search attributes tell it afterwards. */
export async function closing(run: Run, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    run.closing = true;
    return CancellationScope.nonCancellable(() => closeCancelled(run, error));
  }
  const complete = isComplete(run.state);
  await end(run, complete ? 'completed' : 'failed');
  if (!complete) throw ApplicationFailure.nonRetryable(failureText(run.state), 'RUN_FAILED');
}

/** The end of a run that was cancelled: what it made is kept, or undone first. Always throws. */
async function closeCancelled(run: Run, cancellation: unknown): Promise<never> {
  if (run.rollback) await rollBack(run);
  const complete = !run.rollback || isComplete(run.state);
  await end(run, complete ? 'cancelled' : 'failed');
  if (!complete) throw ApplicationFailure.nonRetryable(`rolling back: ${failureText(run.state)}`, 'RUN_FAILED');
  if (run.cancelledBy === undefined) throw cancellation;
  const left = run.rollback ? 'what this run made is undone' : 'what it made is kept';
  throw ApplicationFailure.nonRetryable(`cancelled by ${run.cancelledBy}; ${left}`, 'CANCELLED');
}

async function end(run: Run, status: RunState['status']): Promise<void> {
  run.apply({ type: 'status', status });
  if (status !== 'completed') await letGo(run);
  await condition(allHandlersFinished);
}

function failureText(state: RunState): string {
  const failed = Object.values(state.steps).filter((step) => step.status === 'failed');
  const members = Object.values(state.clusters).filter((cluster) => cluster.status === 'failed');
  const parts = [
    ...failed.map((step) => `step ${step.id} failed: ${step.error?.message ?? ''}`),
    ...members.map(
      (cluster) => `member ${cluster.name} failed${cluster.blockedStep ? ` at ${cluster.blockedStep}` : ''}`,
    ),
  ];
  return parts.join('; ') || 'the run failed';
}
