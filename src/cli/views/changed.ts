import type { Outcome } from '../../catalogue/call.ts';
import { allSteps, type StatusModel } from './status-model.ts';

/** Outcomes that wrote something, in the order they are told. */
const writes = ['created', 'updated', 'removed'] as const satisfies readonly Outcome[];
type Write = (typeof writes)[number];
/** Up to so many steps are named; more are only counted. */
const named = 6;

/** Steps of a run by what they wrote; steps that only looked, waited or found all as wanted are in none. */
export function changedSteps(model: StatusModel): Record<Write, string[]> {
  const ids = (wanted: Write): string[] =>
    allSteps(model).flatMap((step) => (step.outcome === wanted ? [step.id] : []));
  return { created: ids('created'), updated: ids('updated'), removed: ids('removed') };
}

/** Whether any step of the run wrote something. */
export const hasChanged = (model: StatusModel): boolean =>
  writes.some((outcome) => changedSteps(model)[outcome].length > 0);

/** What a finished turn-up came to: how many steps changed what, or that nothing had to be changed. */
export function upSentence(federation: string, model: StatusModel | undefined): string {
  // A worker of an older version tells no outcomes: then nothing can be said of them.
  if (!model || !allSteps(model).some((step) => step.outcome)) return `${federation} is up`;
  const changed = changedSteps(model);
  const total = writes.reduce((sum, outcome) => sum + changed[outcome].length, 0);
  if (total === 0) return `${federation} is up; nothing had to be changed`;
  const parts = writes.flatMap((outcome) => {
    const ids = changed[outcome];
    if (ids.length === 0) return [];
    return [`${ids.length} ${outcome}${total <= named ? ` (${ids.join(', ')})` : ''}`];
  });
  return `${federation} is up; ${total} ${total === 1 ? 'step' : 'steps'} changed something: ${parts.join(', ')}`;
}
