import { setTimeout as delay } from 'node:timers/promises';
import type { StepCall, StepResult } from '../../src/catalogue/call.ts';
import type { Deps } from './deps.ts';
import { release, renew, renewEveryMs } from './owner.ts';
import { inStep, type StepScope } from './step.ts';

/**
 * Renews the Lease of an open run, whatever the run does: it may build for hours, wait, be paused or parked at a step
 * that asks nothing of the host. Ends only by cancellation. A host that does not answer is no reason to stop.
 */
async function hold(scope: StepScope): Promise<never> {
  for (;;) {
    try {
      await renew(scope);
      scope.tell('');
    } catch (error) {
      scope.tell(`the Lease was not renewed: ${(error as Error).message}`);
    }
    await delay(renewEveryMs, undefined, { signal: scope.signal }).catch(() => undefined);
    scope.signal.throwIfAborted();
  }
}

/** What a run does about its Lease beside its steps; see docs/adr. */
export const holdActivities = (deps: Deps) => ({
  holdFederation: (call: StepCall): Promise<StepResult> => inStep(deps, call, (scope) => hold(scope)),
  releaseFederation: (call: StepCall): Promise<StepResult> =>
    inStep(deps, call, async (scope) => {
      await release(scope);
      return { outcome: 'done', facts: {} };
    }),
});
