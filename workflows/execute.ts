import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import {
  ActivityCancellationType,
  type ActivityOptions,
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { StepCall, StepResult } from '../src/catalogue/call.ts';
import type { FrozenStep } from '../src/graph/frozen.ts';
import { plannedFor } from '../src/catalogue/planned.ts';
import { fillInput } from '../src/graph/refs.ts';
import { routingOf } from '../src/run/builders.ts';
import { type StepError, stepErrorOf, timedOut } from '../src/errors/step-error.ts';
import type { Run } from './run.ts';

type AnyActivities = Record<string, (call: StepCall) => Promise<StepResult>>;

/** A quick attempt retries soon and gives up when the time of the step is used up; a parked one retries slowly, for days. */
export type Mode = { parked: false } | { parked: true; forMs: number };

function optionsOf(run: Run, step: FrozenStep, mode: Mode): ActivityOptions {
  const { timing } = step;
  const slow = slowEveryMs(run, step);
  return {
    activityId: step.id,
    summary: summaryOf(run, step, mode.parked ? `${step.title}, parked: slow attempts` : step.title),
    ...routingOf(step, run.state.facts, workflowInfo().taskQueue),
    startToCloseTimeout: timing.startToCloseMs,
    heartbeatTimeout: timing.heartbeatMs,
    scheduleToCloseTimeout: mode.parked ? mode.forMs : timing.patienceMs,
    // Else an undo could begin while the act it undoes still runs.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // Coefficient 1: the server repeats the attempt without an event in history.
    retry: mode.parked
      ? { initialInterval: slow, backoffCoefficient: 1, maximumInterval: slow }
      : { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 15_000, ...limitOf(step) },
  };
}

/** ms between the slow attempts of a parked step. */
export const slowEveryMs = (run: Run, { timing }: FrozenStep): number => timing.slowEveryMs ?? run.graph.slowEveryMs;

/** Where the time of a step is the length of a build, it says nothing of how often to try: attempts are limited instead. */
const limitOf = ({ timing }: FrozenStep): { maximumAttempts?: number } =>
  timing.attempts === undefined ? {} : { maximumAttempts: timing.attempts };

/** One line for the timeline of the Web UI: the step, and the cluster it is about. At most 200 bytes. */
export function summaryOf(run: Run, step: FrozenStep, what: string): string {
  const cluster = run.member?.name ?? run.input.host.context;
  return `${step.id} (${cluster.slice(0, 80)}): ${what}`.slice(0, 190);
}

/** Runs a step's activity once (the server retries it). Throws ActivityFailure. */
export function execute(run: Run, step: FrozenStep, mode: Mode): Promise<StepResult> {
  const activity = proxyActivities<AnyActivities>(optionsOf(run, step, mode))[step.activity];
  if (!activity) throw ApplicationFailure.nonRetryable(`no activity ${step.activity}`, 'BUG');
  return activity({
    step: step.id,
    run: run.context(),
    parked: mode.parked,
    waitMs: mode.parked ? 0 : step.timing.waitMs,
    input: fillInput(step, run.state.facts),
    ...plannedPart(run, step),
  });
}

/** The time may be used up by attempts that failed: then the last failure is the reason. The SDK leaves it encoded. */
function lastAnswerIn({ failure }: TimeoutFailure): ApplicationFailure | undefined {
  const last = failure?.cause && defaultFailureConverter.failureToError(failure.cause, defaultPayloadConverter);
  return last instanceof ApplicationFailure ? last : undefined;
}

/** What the step may write in a run that follows a plan. What such a run made is undone by its ledger, as ever. */
function plannedPart({ input: { plan, rollback }, state }: Run, { id }: FrozenStep): Pick<StepCall, 'planned'> {
  if (!plan || rollback || state.rollingBack || id === 'plan') return {};
  return { planned: plannedFor(plan, id) };
}

/** The error as people see it. Anything but an activity's failure is a bug of ours and is thrown on. */
export function stepError(error: unknown): StepError {
  if (!(error instanceof ActivityFailure)) throw error;
  const cause = error.cause;
  if (cause instanceof ApplicationFailure) return stepErrorOf(cause);
  if (cause instanceof TimeoutFailure) {
    const last = lastAnswerIn(cause);
    return last ? stepErrorOf(last) : timedOut(cause.timeoutType);
  }
  return { code: 'BUG', message: cause?.message ?? error.message, data: {} };
}

/** Whether the worker that has what this step works on took no task in time: it is away, perhaps for good. */
export function isBuilderAway(step: FrozenStep, error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return typeof step.queue === 'object' && cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}
