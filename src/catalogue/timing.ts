import type { Spec } from '../spec/schema.ts';
import type { Timing } from './definition.ts';

/** Timing of one step as frozen into a run; all in ms. */
export interface FrozenTiming {
  /** Longest single attempt. */
  startToCloseMs: number;
  /** A worker that died is noticed after this. */
  heartbeatMs: number;
  /** Quick attempts together; after that the step parks. */
  patienceMs: number;
  /** What a waiting step may wait (StepCall.waitMs); 0 for steps that do not wait. */
  waitMs: number;
  /** Most quick attempts; absent: as many as fit into patienceMs. */
  attempts?: number;
  /** ms between slow automatic attempts once parked; absent: as the graph has it. */
  slowEveryMs?: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** What the profiles of the catalogue mean with this spec's policy. */
export function freezeTiming(timing: Timing, waits: Spec['policy']['waits']): FrozenTiming {
  if (timing === 'read')
    return { startToCloseMs: minute, heartbeatMs: 20 * second, patienceMs: 90 * second, waitMs: 0 };
  if (timing === 'apply')
    return { startToCloseMs: minute, heartbeatMs: 20 * second, patienceMs: 3 * minute, waitMs: 0 };
  if (timing === 'turn')
    return { startToCloseMs: minute, heartbeatMs: 20 * second, patienceMs: 12 * hour, waitMs: 0, attempts: 5 };
  // Builds that fail would keep each other from the one slot of a machine if they were tried every minute.
  if (timing === 'build')
    return {
      startToCloseMs: 6 * hour,
      heartbeatMs: 20 * second,
      patienceMs: 12 * hour,
      waitMs: 0,
      attempts: 5,
      slowEveryMs: 15 * minute,
    };
  const waitMs = waits[timing.wait];
  // A waiting step ends by itself at waitMs; the margins are for its last look and for a change of workers.
  return { startToCloseMs: waitMs + minute, heartbeatMs: 20 * second, patienceMs: waitMs + 3 * minute, waitMs };
}
