import type { StepDefinition } from '../catalogue/definition.ts';
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

const merged = (tables: readonly StepTable[]): StepTable =>
  Object.fromEntries(tables.flatMap((table): [string, StepDefinition][] => Object.entries(table)));

/** Every step of a turn-up of any distribution, by its id; those of a member with `{cluster}` for its name. */
export const turnUpSteps = (table: DistributionTable = distributions): StepTable =>
  merged(Object.values(table).flatMap(({ hostSteps, memberSteps }) => [hostSteps, memberSteps]));

/** The same, and what a turn-down does first. */
export const allSteps = (table: DistributionTable = distributions): StepTable =>
  merged([turnUpSteps(table), ...Object.values(table).map(({ beforeDown }) => beforeDown)]);
