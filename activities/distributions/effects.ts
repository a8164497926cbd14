import type { Distribution } from '../../src/distributions/distribution.ts';
import type { Deps } from '../core/deps.ts';

/** An activity as a worker registers it: whatever it is called with and returns. */
export type AnyActivity = (call: never) => Promise<unknown>;

/** What a distribution does beside what is done for all of them: its members are known by its pure record. */
export interface DistributionEffects {
  distribution: Distribution;
  /** Its own activities, by the names that its steps say; no two distributions share one. */
  activities: (deps: Deps) => Record<string, AnyActivity>;
}
