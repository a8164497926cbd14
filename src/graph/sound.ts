import { allClusters, type FrozenGraph, type FrozenStep } from './frozen.ts';

/** Every id that a step waits for, through any chain. */
export function ancestors(id: string, steps: readonly Pick<FrozenStep, 'id' | 'needs'>[]): Set<string> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const found = new Set<string>();
  const visit = (of: string): void => {
    for (const need of byId.get(of)?.needs ?? []) {
      if (found.has(need)) continue;
      found.add(need);
      visit(need);
    }
  };
  visit(id);
  return found;
}

/**
 * Returns the graph when it can be run: ids unique, every need and every fact's step there, no cycle, no fact of a
 * step that may still be running. Throws an Error that names the step otherwise: a mistake in the catalogue.
 */
export function assertSound(graph: FrozenGraph): FrozenGraph {
  check(graph.steps, graph.clusters ? [allClusters] : []);
  if (!graph.clusters) return graph;
  const ids = new Set(graph.steps.map((step) => step.id));
  for (const need of graph.clusters.needs)
    if (!ids.has(need)) throw new Error(`clusters need ${need}, which is not in the run`);
  check(graph.clusters.template, []);
  return graph;
}

function check(steps: readonly FrozenStep[], also: readonly string[]): void {
  const ids = new Set([...steps.map((step) => step.id), ...also]);
  if (ids.size !== steps.length + also.length) throw new Error('two steps have the same id');
  for (const step of steps) {
    const before = ancestors(step.id, steps);
    if (before.has(step.id)) throw new Error(`step ${step.id} needs itself`);
    for (const need of step.needs)
      if (!ids.has(need)) throw new Error(`step ${step.id} needs ${need}, which is not in the run`);
    for (const [name, ref] of Object.entries(step.input.facts)) {
      if (!before.has(ref.from)) throw new Error(`step ${step.id} uses ${name} of ${ref.from}, which it does not need`);
    }
    if (typeof step.queue === 'object' && !before.has(step.queue.from))
      throw new Error(`step ${step.id} runs where ${step.queue.from} ran, which it does not need`);
  }
}
