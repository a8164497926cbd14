import type { Spec } from '../spec/schema.ts';
import type { Place } from '../kubernetes/place.ts';
import { templateIdOf } from './places.ts';
import { chosen } from './freeze.ts';
import { distributionOf, type DistributionTable } from '../distributions/table.ts';

/** What the ledger says of a thing, as far as its undo goes. */
export interface Made {
  step: string;
  place: Place;
  kind: string;
  name: string;
}

/** What no step of a turn-down with this spec takes away, because the steps that made it are not in it. */
export function notUndone<M extends Made>(made: readonly M[], spec: Spec, distributions?: DistributionTable): M[] {
  const { hostSteps, memberSteps } = distributionOf(spec, distributions);
  const steps = [...chosen(hostSteps, spec), ...chosen(memberSteps, spec)];
  const undone = new Set(steps.flatMap(([id, step]) => (step.undo ? [id] : [])));
  return made.filter(({ step }) => !undone.has(templateIdOf(step)));
}

/** What a changed spec would leave behind for ever: nothing of it names the thing, or its place, any more. */
export function orphansOf<M extends Made>(
  made: readonly M[],
  before: Spec,
  after: Spec,
  distributions?: DistributionTable,
): M[] {
  const dropped = new Set(notUndone(made, after, distributions));
  const [old, now] = [before.dns, after.dns];
  const zoneMoved = old?.zone !== now?.zone || old?.provider !== now?.provider;
  const nameMoved = zoneMoved || old?.domain !== now?.domain;
  const moved = ({ place, kind }: M): boolean => place.kind === 'dns' && (kind === 'Record' ? nameMoved : zoneMoved);
  return made.filter((one) => dropped.has(one) || moved(one));
}
