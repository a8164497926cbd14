import type { Distribution, StepTable } from './distribution.ts';
import { distributions, type DistributionTable } from './table.ts';

/** Ids of all steps of a turn-up with these members. */
export const stepIdsOf = (
  { hostSteps, memberSteps }: Pick<Distribution, 'hostSteps' | 'memberSteps'>,
  members: readonly string[],
): string[] => [
  ...Object.keys(hostSteps),
  ...members.flatMap((name) => Object.keys(memberSteps).map((id) => id.replaceAll('{cluster}', name))),
];

/** Distributions have some ids in common: the first table that has one says what it is. */
const merged = (tables: readonly StepTable[]): StepTable =>
  tables.reduce((all, table) => ({ ...all, ...table, ...all }), {});

/** Every step of a turn-up of any distribution, by its id; those of a member with `{cluster}` for its name. */
export const turnUpSteps = (table: DistributionTable = distributions): StepTable =>
  merged(Object.values(table).flatMap(({ hostSteps, memberSteps }) => [hostSteps, memberSteps]));

/** What a turn-down of any distribution does first. */
export const beforeDownSteps = (table: DistributionTable = distributions): StepTable =>
  merged(Object.values(table).map(({ beforeDown }) => beforeDown));

/** Both. */
export const allSteps = (table: DistributionTable = distributions): StepTable =>
  merged([turnUpSteps(table), beforeDownSteps(table)]);
