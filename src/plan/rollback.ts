import { allClusters, type FrozenGraph, type FrozenStep } from './frozen.ts';
import { undoSteps } from './undo.ts';

/** A rollback keeps nothing of what its run made; the activities ask the ledger what that is. */
const choices = { volumes: 'delete' } as const;

/**
 * The undos of what a run has begun so far, from its own frozen graph: members first, then the host's steps in
 * reverse. A step that never started made nothing and is left out, and so is a member.
 */
export function rollbackGraph(
  graph: FrozenGraph,
  begun: { step: (id: string) => boolean; member: (name: string) => boolean },
): FrozenGraph {
  const members = graph.clusters?.members.filter(({ name }) => begun.member(name)) ?? [];
  const undos = undoSteps(graph.steps, choices).filter(({ id }) => begun.step(id));
  const kept = new Set(undos.map(({ id }) => id));
  const after = members.length > 0 ? [allClusters] : [];
  const inOrder = (step: FrozenStep): FrozenStep => ({
    ...step,
    needs: [...new Set([...step.needs.filter((need) => kept.has(need)), ...after])],
  });
  const { clusters } = graph;
  return {
    ...graph,
    steps: undos.map(inOrder),
    clusters:
      clusters && members.length > 0
        ? { ...clusters, members, needs: [], template: undoSteps(clusters.template, choices), leaves: true }
        : null,
  };
}
