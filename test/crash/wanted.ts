import type { FrozenGraph } from '../../src/graph/frozen.ts';
import { freezeDown, freezeUp } from '../../src/graph/freeze.ts';
import { stepsOfLeaving } from '../../src/graph/leaving.ts';
import { freezeJoin, freezeUnjoin } from '../../src/graph/membership.ts';
import { expandTemplate } from '../../src/graph/refs.ts';
import { hostSteps, memberSteps } from '../../src/distributions/federation/steps.ts';
import type { Operation } from '../../src/run/input.ts';
import type { Spec } from '../../src/spec/schema.ts';
import { type Act, keyOf } from './orders.ts';

/** Every act of an operation's graph: its plan, the host's steps, and those of each member. */
function actsIn(operation: Operation, { steps, clusters }: FrozenGraph): Act[] {
  const members = (clusters?.members ?? []).flatMap((member) => {
    const expanded = expandTemplate(clusters?.template ?? [], member);
    return clusters?.leaves ? stepsOfLeaving(expanded, true) : expanded;
  });
  return ['plan', ...[...steps, ...members].map(({ id }) => id)].map((step) => ({ operation, step }));
}

/**
 * All that a federation does in its life, from the catalogue: turned up with the members of `spec`, joined and left by
 * `joining`, turned down.
 */
export function wantedActs(spec: Spec, joining: Spec['clusters'][number]): Act[] {
  const grown = { ...spec, clusters: [...spec.clusters, joining] };
  return [
    ...actsIn('up', freezeUp(spec)),
    ...actsIn('join', freezeJoin(grown, [joining.name])),
    ...actsIn('unjoin', freezeUnjoin(grown, [joining])),
    ...actsIn('down', freezeDown(spec, { volumes: 'delete' })),
  ];
}

/** Steps of the catalogue that a turn-up with this spec leaves out. */
export function leftOut(spec: Spec): string[] {
  const [member] = spec.clusters;
  const there = new Set(actsIn('up', freezeUp(spec)).map(({ step }) => step));
  return [...Object.keys(hostSteps), ...Object.keys(memberSteps)].filter(
    (id) => !there.has(id.replaceAll('{cluster}', member?.name ?? '')),
  );
}

/** Keys of acts, sorted and each once. */
export const keysOf = (acts: readonly Act[]): string[] => [...new Set(acts.map((act) => keyOf(act)))].sort();
