import type { PlannedObject } from '../catalogue/planned.ts';
import { distributions } from '../distributions/table.ts';
import { memberPlace, type Place } from '../kubernetes/place.ts';

/** Id in the catalogue of a step that has a member's name in its own. */
export const templateIdOf = (step: string): string => step.replace(/^clusters\/[^/]+\//, 'clusters/{cluster}/');

/** The member that a step is about; undefined for a step of the host. */
export const memberOfStep = (step: string): string | undefined => /^clusters\/([^/]+)\//.exec(step)?.[1];

const words = ['host', 'federation', 'dns'] as const;

const isInMember = (step: string): boolean =>
  Object.values(distributions).some(({ memberSteps }) => memberSteps[templateIdOf(step)]?.inMember === true);

/**
 * The place that one word says: `host`, `federation`, `dns` or a member's name. Where the member of the step that made
 * the object is called by such a word, the step tells whether the object is in that member. `member`: whose ledger, or
 * whose step, it is; undefined for the host's.
 */
export function placeOf(word: string, step: string, member: string | undefined): Place {
  const kind = words.find((one) => one === word);
  if (kind === undefined || (word === member && isInMember(step))) return memberPlace(word);
  return { kind };
}

/** Where an object of a plan is, by the word for it and a step that writes it. */
export const placeOfPlanned = ({ cluster, steps: [step = ''] }: Pick<PlannedObject, 'cluster' | 'steps'>): Place =>
  placeOf(cluster, step, memberOfStep(step));
