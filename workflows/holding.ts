import {
  ActivityCancellationType,
  CancellationScope,
  log,
  patched,
  proxyActivities,
  TemporalFailure,
} from '@temporalio/workflow';
import type { StepCall, StepResult } from '../src/catalogue/call.ts';
import type { Run } from './run.ts';

type Holding = Record<'holdFederation' | 'releaseFederation', (call: StepCall) => Promise<StepResult>>;

const second = 1_000;

const callOf = (run: Run, step: string): StepCall => ({
  step,
  run: run.context(),
  // A host that does not answer is asked again: nothing about a Lease parks.
  parked: true,
  waitMs: 0,
  input: {},
});

/**
 * Keeps the run's Lease fresh as long as the run is open, by one activity that leaves two events in history however
 * long that is. Returns what ends it. Nothing that cancels the run cancels it: a rollback still writes.
 */
export function hold(run: Run): () => void {
  if (!patched('hold-the-federation')) return () => undefined;
  run.holds = true;
  const { holdFederation } = proxyActivities<Holding>({
    activityId: 'owner/hold',
    summary: `owner/hold (${run.input.host.context}): Renew the Lease of this run`,
    startToCloseTimeout: '24 hours',
    heartbeatTimeout: 20 * second,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: 30 * second, backoffCoefficient: 1, maximumInterval: 30 * second },
  });
  const scope = CancellationScope.nonCancellable(async () => {
    const own = new CancellationScope();
    own
      .run(() => holdFederation(callOf(run, 'owner/hold')))
      .catch((error: unknown) => {
        if (!(error instanceof TemporalFailure)) throw error;
        log.info('the Lease is no longer renewed', { why: String(error) });
      });
    return own;
  });
  return () => void scope.then((own) => own.cancel());
}

/**
 * The end of a run that did not come to a good end: nobody holds the federation any more, so the next operator needs no
 * --take-over, whatever Temporal server is theirs. (The last step of a good run does it.) A host that does not answer
 * must not keep the run open: its Lease lapses.
 */
export async function letGo(run: Run): Promise<void> {
  if (run.member || run.input.debt || !patched('let-go-of-the-federation')) return;
  const { releaseFederation } = proxyActivities<Holding>({
    activityId: 'owner/release',
    summary: `owner/release (${run.input.host.context}): Release the Lease`,
    startToCloseTimeout: 15 * second,
    scheduleToCloseTimeout: 30 * second,
    retry: { initialInterval: second, backoffCoefficient: 2 },
  });
  try {
    await CancellationScope.nonCancellable(() => releaseFederation(callOf(run, 'owner/release')));
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    log.warn('the Lease could not be released; it expires by itself', { why: String(error) });
  }
}
