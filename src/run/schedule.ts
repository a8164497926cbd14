import { allClusters, type FrozenGraph, type FrozenStep } from '../graph/frozen.ts';
import { type ClusterState, type RunState, type StepStatus, workingStatus } from './state.ts';

const passed: ReadonlySet<StepStatus> = new Set(['done', 'kept', 'skipped', 'undone']);
/** A member that is done with, well or not. */
export const clusterEndings: ReadonlySet<string> = new Set(['ready', 'unjoined', 'failed']);

/** Whether a step lets the ones after it go on. */
export const isPassed = (status: StepStatus | undefined): boolean => status !== undefined && passed.has(status);

const clusters = (state: RunState): ClusterState[] => Object.values(state.clusters);

/** Whether all members came to a good end (true without members). */
export const clustersPassed = (state: RunState): boolean =>
  clusters(state).every((cluster) => cluster.status === 'ready' || cluster.status === 'unjoined');

const needPassed = (state: RunState, need: string): boolean =>
  need === allClusters ? clustersPassed(state) : isPassed(state.steps[need]?.status);

/** Steps that can start now: pending, and all they need has passed. */
export function readySteps(graph: Pick<FrozenGraph, 'steps'>, state: RunState): FrozenStep[] {
  return graph.steps.filter(
    (step) => state.steps[step.id]?.status === 'pending' && step.needs.every((need) => needPassed(state, need)),
  );
}

/** Members whose child can start now: `parallel` work at once, blocked ones not counted. */
export function readyClusters(graph: FrozenGraph, state: RunState): string[] {
  if (!graph.clusters?.needs.every((need) => needPassed(state, need))) return [];
  const joining = clusters(state).filter((cluster) => cluster.status === 'joining').length;
  const pending = clusters(state).filter((cluster) => cluster.status === 'pending');
  return pending.slice(0, Math.max(0, graph.clusters.parallel - joining)).map((cluster) => cluster.name);
}

/** Whether anything of this run is being worked on. */
export const isWorking = (state: RunState): boolean =>
  Object.values(state.steps).some((step) => step.status === 'running') ||
  clusters(state).some((cluster) => cluster.status === 'joining');

/** Steps and members that wait for a person or for time. */
export const blockedOf = (state: RunState): string[] => [
  ...Object.values(state.steps).flatMap((step) => (step.status === 'blocked' ? [step.id] : [])),
  ...clusters(state).flatMap((cluster) =>
    cluster.status === 'blocked' ? [cluster.blockedStep ?? `clusters/${cluster.name}`] : [],
  ),
];

/** Whether the run has come to its end, well or not. */
export const hasEnded = ({ status }: Pick<RunState, 'status'>): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

/** Nothing works, nothing waits, nothing can start: the run is over, well or not. */
export function isSettled(graph: FrozenGraph, state: RunState): boolean {
  return (
    !isWorking(state) &&
    blockedOf(state).length === 0 &&
    readySteps(graph, state).length === 0 &&
    readyClusters(graph, state).length === 0
  );
}

/** Whether every step and member came to a good end. */
export const isComplete = (state: RunState): boolean =>
  Object.values(state.steps).every((step) => isPassed(step.status)) && clustersPassed(state);

/**
 * `blocked` when something is blocked and nothing of the run works on; else as it was said last.
 * Returns the state with status and blockedSince (the earliest block) brought up to date.
 */
export function withRunStatus(state: RunState, at: string): RunState {
  const blocked = blockedOf(state).length > 0 && !isWorking(state);
  if (state.status === workingStatus(state) && blocked)
    return { ...state, status: 'blocked', blockedSince: state.blockedSince ?? at };
  if (state.status === 'blocked' && !blocked) return { ...state, status: workingStatus(state), blockedSince: null };
  return state;
}
