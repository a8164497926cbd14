import type { Distribution } from './distribution.ts';
import { federation } from './federation/index.ts';
import { defaultDistribution } from './unsaid.ts';

/** Distributions by id. */
export type DistributionTable = Readonly<Record<string, Distribution>>;

/** THE table of distributions. Tests bring others by a parameter of what parses, freezes, previews or carries out a spec. */
export const distributions: DistributionTable = { federation };

/**
 * The distribution of an id, a spec, or whatever else says it; where nothing is said, that of the runs that began before
 * there was a choice. Throws an Error for one that is not in the table: specs that name it do not parse.
 */
export function distributionOf(
  of: string | { distribution?: string | undefined },
  table: DistributionTable = distributions,
): Distribution {
  const id = typeof of === 'string' ? of : (of.distribution ?? defaultDistribution);
  const found = Object.hasOwn(table, id) ? table[id] : undefined;
  if (!found) throw new Error(`no distribution ${id}; there are: ${Object.keys(table).join(', ')}`);
  return found;
}
