import type { FrozenStep } from './frozen.ts';
import { allClusters } from './frozen.ts';

/** What a changed spec means for the steps of a run. */
export interface Amendment {
  /** Steps that run again, or for the first time. */
  again: string[];
  /** Steps that are no longer part of the run. */
  dropped: string[];
}

/** Where a step of a run stands, as far as an amendment asks. */
export type Standing = 'untouched' | 'begun' | 'finished';

/** What a step does and with what; a changed policy changes neither. */
const said = ({ activity, input }: FrozenStep): string =>
  JSON.stringify([activity, input.spec, input.facts, input.cluster ?? null]);

/** Whether both would do the same with the same. */
export const isSame = (a: readonly FrozenStep[], b: readonly FrozenStep[]): boolean =>
  JSON.stringify(a.map((step) => [step.id, said(step)])) === JSON.stringify(b.map((step) => [step.id, said(step)]));

/**
 * Everything that needs one of the seeds, through any chain of repeatable steps, with the seeds. A fixed step that did
 * not change gives the same result again, so what needs it is not touched through it.
 */
export function dependentsOf(seeds: readonly string[], steps: readonly FrozenStep[]): Set<string> {
  const found = new Set(seeds);
  const visit = (of: string): void => {
    for (const step of steps) {
      if (!step.needs.includes(of) || found.has(step.id) || step.repeat === 'fixed') continue;
      found.add(step.id);
      visit(step.id);
    }
  };
  for (const seed of seeds) visit(seed);
  return found;
}

/**
 * Compares the steps of a run with those that an amended spec gives. Returns a sentence when it is refused: a finished
 * fixed step reads what changed, or one that made something is no longer there. `membersChanged`: a member joins again.
 */
export function planAmendment(
  old: readonly FrozenStep[],
  next: readonly FrozenStep[],
  standing: (id: string) => Standing,
  membersChanged = false,
): Amendment | string {
  const before = new Map(old.map((step) => [step.id, step]));
  const after = new Set(next.map(({ id }) => id));
  const changed = next.filter((step) => {
    const was = before.get(step.id);
    return !was || said(was) !== said(step);
  });
  const fixed = changed.find((step) => step.repeat === 'fixed' && standing(step.id) === 'finished');
  if (fixed) return `step ${fixed.id} is done and reads what changed: what it made cannot be changed in place`;
  const dropped = old.filter(({ id }) => !after.has(id));
  const orphaned = dropped.find((step) => step.undo && standing(step.id) === 'finished');
  if (orphaned)
    return `step ${orphaned.id} is done, and the changed spec has no such step: nothing would remove what it made`;
  const seeds = [...changed.map(({ id }) => id), ...(membersChanged ? [allClusters] : [])];
  const again = dependentsOf(seeds, next);
  // The record keeps the whole spec; what needs it does not read it.
  for (const step of next) if (isRecord(step) && recordOf(step) !== recordOf(before.get(step.id))) again.add(step.id);
  again.delete(allClusters);
  return { again: [...again].filter((id) => standing(id) !== 'untouched'), dropped: dropped.map(({ id }) => id) };
}

const isRecord = (step: FrozenStep): boolean => 'record' in step.input;
const recordOf = (step: FrozenStep | undefined): string => JSON.stringify(step?.input.record ?? null);
