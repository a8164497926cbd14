import {
  ActivityCancellationType,
  type ActivityOptions,
  ApplicationFailure,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunContext, StepCall, StepResult } from '../src/catalogue/call.ts';
import type { FrozenStep } from '../src/graph/frozen.ts';
import { fillInput } from '../src/graph/refs.ts';
import { routingOf } from '../src/run/builders.ts';
import { imagesDetails, type ImagesInput, type ImagesResult } from '../src/run/images.ts';
import { isBuilderAway } from './execute.ts';

type AnyActivities = Record<string, (call: StepCall) => Promise<StepResult>>;

const optionsOf = (step: FrozenStep, run: RunContext, facts: ImagesResult['facts']): ActivityOptions => ({
  activityId: step.id,
  // An image is built for a federation; no cluster is asked.
  summary: `${step.id} (${run.federation}): ${step.title}`.slice(0, 190),
  ...routingOf(step, facts, workflowInfo().taskQueue),
  ...limitsOf(step),
});

const limitsOf = ({ timing }: FrozenStep): ActivityOptions => ({
  startToCloseTimeout: timing.startToCloseMs,
  heartbeatTimeout: timing.heartbeatMs,
  scheduleToCloseTimeout: timing.patienceMs,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 15_000, maximumAttempts: 5 },
});

/**
 * The steps that build and push a federation's images, without the federation: `fedctl images build|push`. One after
 * another; nothing parks, since a second run goes on from what the first one built. Workflow id: `images/<name>`.
 * Throws the ActivityFailure of the step that failed.
 */
export async function imagesRun(input: ImagesInput): Promise<ImagesResult> {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const { federation, startedBy, host, digest, distribution } = input;
  const run: RunContext = {
    federation,
    uuid: '',
    workflowId,
    firstRunId: firstExecutionRunId,
    startedBy,
    host,
    digest,
    imagesOnly: true,
    ...(distribution ? { distribution } : {}),
  };
  const result: ImagesResult = { steps: [], facts: {} };
  for (let at = 0; at < input.steps.length; at += 1) {
    const step = input.steps[at];
    if (!step) break;
    setCurrentDetails(imagesDetails(input, result, step));
    try {
      await runOne(step, run, result);
    } catch (error) {
      if (typeof step.queue !== 'object' || !isBuilderAway(step, error)) throw error;
      // Another worker makes what the one that is away had.
      const { from } = step.queue;
      at = input.steps.findIndex(({ id }) => id === from) - 1;
      result.steps.splice(at + 1);
    }
  }
  setCurrentDetails(imagesDetails(input, result));
  return result;
}

async function runOne(step: FrozenStep, run: RunContext, result: ImagesResult): Promise<void> {
  const activity = proxyActivities<AnyActivities>(optionsOf(step, run, result.facts))[step.activity];
  if (!activity) throw ApplicationFailure.nonRetryable(`no activity ${step.activity}`, 'BUG');
  const call = { step: step.id, run, parked: false, waitMs: 0, input: fillInput(step, result.facts) };
  const { outcome, note = '', facts } = await activity(call);
  result.steps.push({ id: step.id, outcome, note });
  result.facts[step.id] = facts;
}
