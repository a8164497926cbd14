import type { ClusterSpec, Spec } from '../spec/schema.ts';
import { distributionOf } from '../distributions/table.ts';
import { allClusters, type FrozenGraph, type FrozenStep } from './frozen.ts';
import type { DownChoices } from '../catalogue/side-inputs.ts';
import { freezeTemplate, freezeUp, type FreezeOptions } from './freeze.ts';
import { leavingTemplate } from './leaving.ts';
import { assertSound } from './sound.ts';

/** A member takes its own objects along; volumes are none of its. */
const choices: DownChoices = { volumes: 'keep' };

const restricted = (steps: readonly FrozenStep[], ids: readonly string[], also: readonly string[]): FrozenStep[] => {
  const there = new Set([...ids, ...also]);
  return steps
    .filter(({ id }) => ids.includes(id))
    .map((step) => ({ ...step, needs: step.needs.filter((need) => there.has(need)) }));
};

/** New members of a federation that stands. `spec` is that of the record with the new members in it. */
export function freezeJoin(spec: Spec, joining: readonly string[], options: FreezeOptions = {}): FrozenGraph {
  const up = freezeUp(spec, options);
  const first = 'host/record';
  const { joinSteps } = distributionOf(spec, options.distributions);
  const steps = restricted(up.steps, joinSteps, [allClusters]).map((step) =>
    step.id === first ? { ...step, needs: ['preflight/members'] } : step,
  );
  const members = spec.clusters.filter(({ name }) => joining.includes(name));
  return assertSound({ ...up, steps, clusters: up.clusters && { ...up.clusters, members, needs: [first] } });
}

const record = 'verify/record';
const noteLeft = (step: FrozenStep, left: readonly ClusterSpec[]): FrozenStep =>
  step.id === record ? { ...step, input: { ...step.input, left: left.map(({ name }) => name) } } : step;

/** Members leave a federation that stands on; the record is told at last. */
export function freezeUnjoin(spec: Spec, leaving: readonly ClusterSpec[], options: FreezeOptions = {}): FrozenGraph {
  const up = freezeUp(spec, options);
  const last = restricted(up.steps, [record], []).map((step) => ({
    ...noteLeft(step, leaving),
    title: 'Take the members out of the record',
    needs: [allClusters],
  }));
  const template = leavingTemplate(freezeTemplate(spec, options), choices);
  const parallel = spec.policy.parallelJoins;
  return assertSound({
    ...up,
    steps: last,
    clusters: { needs: [], template, members: [...leaving], parallel, leaves: true },
  });
}

/** A turn-up with --prune: members that stand but are not in the spec leave while the others join. */
export function withPruned(
  up: FrozenGraph,
  spec: Spec,
  leaving: readonly ClusterSpec[],
  options: Pick<FreezeOptions, 'distributions'> = {},
): FrozenGraph {
  if (leaving.length === 0) return up;
  const template = freezeTemplate(spec, options);
  const clusters = up.clusters ?? {
    needs: [...distributionOf(spec, options.distributions).membersNeed],
    template,
    members: [],
    parallel: spec.policy.parallelJoins,
  };
  const steps = up.steps.map((step) =>
    step.id === record ? noteLeft({ ...step, needs: [...new Set([...step.needs, allClusters])] }, leaving) : step,
  );
  const names = leaving.map(({ name }) => name);
  return assertSound({
    ...up,
    steps,
    clusters: {
      ...clusters,
      members: [...clusters.members, ...leaving],
      leaving: { names, template: leavingTemplate(template, choices) },
    },
  });
}
