import { dependentsOf } from '../graph/amend.ts';
import { ancestors } from '../graph/sound.ts';
import type { FrozenStep } from '../graph/frozen.ts';
import { blockedOf, isPassed } from './schedule.ts';
import type { RunState } from './state.ts';

/** What a `retry` does: wake blocked steps, or run finished ones again together with what lies between. */
export interface RetryPlan {
  wake: string[];
  requeue: string[];
}

/** What a refusal adds, so that the next command is the right one. */
export function sayBlocked(state: RunState): string {
  const blocked = blockedOf(state);
  return blocked.length > 0 ? `blocked now: ${blocked.join(', ')}` : 'nothing is blocked now';
}

const blockedIds = (state: RunState): string[] =>
  Object.values(state.steps).flatMap((step) => (step.status === 'blocked' ? [step.id] : []));

/**
 * Decides a `retry` of the given steps (absent: all that are blocked). A finished repeatable step may be asked for
 * when a blocked one needs it: it runs again, and what lies between, but for fixed steps. Returns a sentence when it is refused.
 */
export function planRetry(
  steps: readonly FrozenStep[],
  state: RunState,
  asked?: readonly string[],
): RetryPlan | string {
  const blocked = blockedIds(state);
  if (!asked || asked.length === 0) return { wake: blocked, requeue: [] };
  const plan: RetryPlan = { wake: [], requeue: [] };
  for (const id of asked) {
    const answer = planOne(id, steps, state, blocked);
    if (typeof answer === 'string') return answer;
    plan.wake.push(...answer.wake);
    plan.requeue.push(...answer.requeue);
  }
  return { wake: plan.wake.filter((id) => !plan.requeue.includes(id)), requeue: [...new Set(plan.requeue)] };
}

function planOne(id: string, steps: readonly FrozenStep[], state: RunState, blocked: string[]): RetryPlan | string {
  const status = state.steps[id]?.status;
  if (status === undefined) return `this run has no step ${id}; its steps: fedctl status ${state.federation}`;
  if (status === 'blocked') return { wake: [id], requeue: [] };
  if (!isPassed(status)) return `step ${id} is ${status}, not blocked; ${sayBlocked(state)}`;
  const waiting = blocked.filter((other) => ancestors(other, steps).has(id));
  if (waiting.length === 0) return `step ${id} is ${status}, and no blocked step needs it; ${sayBlocked(state)}`;
  if (steps.find((step) => step.id === id)?.repeat === 'fixed')
    return `step ${id} cannot run again in this run: others were built on what it made`;
  const touched = dependentsOf([id], steps);
  const needed = new Set(waiting.flatMap((other) => [other, ...ancestors(other, steps)]));
  return { wake: [], requeue: [...touched].filter((step) => needed.has(step)) };
}
