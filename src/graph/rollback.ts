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
  const leaving = graph.clusters?.leaving?.names ?? [];
  // A member that left in this run does not come back.
  const members = graph.clusters?.members.filter(({ name }) => begun.member(name) && !leaving.includes(name)) ?? [];
  const undos = undoSteps(graph.steps, choices).filter(({ id }) => begun.step(id));
  const kept = new Set(undos.map(({ id }) => id));
  const after = members.length > 0 ? [allClusters] : [];
  const inOrder = (step: FrozenStep): FrozenStep => ({
    ...step,
    needs: [...new Set([...step.needs.filter((need) => kept.has(need)), ...after])],
  });
  const { clusters } = graph;
  if (!clusters || members.length === 0) return { ...graph, steps: undos.map(inOrder), clusters: null };
  const template = undoSteps(clusters.template, choices);
  const undone = { needs: [], template, members, parallel: clusters.parallel, leaves: true };
  return { ...graph, steps: undos.map(inOrder), clusters: undone };
}
