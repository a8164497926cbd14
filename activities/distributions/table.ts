import type { DistributionTable } from '../../src/distributions/table.ts';
import type { DistributionEffects } from './effects.ts';
import { federationEffects } from './federation/index.ts';

/** THE table of what distributions do. Tests bring others by the parameter of whatever takes it. */
export const effects: readonly DistributionEffects[] = [federationEffects];

/** Their pure records, by id. */
export const recordsOf = (all: readonly DistributionEffects[]): DistributionTable =>
  Object.fromEntries(all.map(({ distribution }) => [distribution.id, distribution]));
