import type { PhaseId } from '../catalogue/definition.ts';
import type { FrozenGraph, FrozenStep } from '../graph/frozen.ts';
import type { Facts, Outcome } from '../catalogue/call.ts';
import type { StepError } from '../errors/step-error.ts';
import type { Operation } from './input.ts';

/** States of a step; `kept`, `done`, `skipped` and `undone` let what needs it go on. */
export type StepStatus = 'pending' | 'running' | 'blocked' | 'done' | 'kept' | 'skipped' | 'undone' | 'failed';
/** States of a run; the last three are final. */
export type RunStatus = 'running' | 'blocked' | 'paused' | 'rolling-back' | 'completed' | 'failed' | 'cancelled';
/** States of a member in a run. */
export type ClusterStatus = 'pending' | 'joining' | 'blocked' | 'ready' | 'failed' | 'unjoined';

/** A step of a run, as it stands. */
export interface StepState {
  id: string;
  phase: PhaseId;
  title: string;
  done: string;
  status: StepStatus;
  /** ISO 8601; of the first start. */
  startedAt: string | null;
  finishedAt: string | null;
  blockedSince: string | null;
  nextAttemptAt: string | null;
  /** A short sentence of the activity, once done. */
  note: string | null;
  /** What the activity did, once done; null for a step that was skipped or failed. */
  outcome: Outcome | null;
  error: StepError | null;
  skippable: boolean;
}

/** What a blocked step waits for: since when, why, and when it is looked at again. */
export type Block = Pick<StepState, 'id' | 'error' | 'blockedSince' | 'nextAttemptAt'>;

/** A member of a run, as its child told the parent last. */
export interface ClusterState {
  name: string;
  status: ClusterStatus;
  workflowId: string;
  /** The step the member is blocked at. */
  blockedStep: string | null;
  /** What that step waits for; null from a member of before, which did not tell it. */
  block: Block | null;
}

/** Everything a run tells of itself; the answer of the query `getRunState`. */
export interface RunState {
  federation: string;
  uuid: string;
  operation: Operation;
  /** The member, in the run of a child. */
  member: string | null;
  status: RunStatus;
  /** What the run made is being undone: it works and parks as before, and ends cancelled. */
  rollingBack: boolean;
  blockedSince: string | null;
  steps: Record<string, StepState>;
  clusters: Record<string, ClusterState>;
  facts: Record<string, Facts>;
}

/** What can happen to a run. Times are ISO 8601, from the workflow's clock. */
export type RunEvent =
  | { type: 'planned'; steps: FrozenStep[]; clusters: { name: string; workflowId: string }[] }
  /** The spec was amended: new steps, steps that run again, members that join again. */
  | { type: 'amended'; steps: FrozenStep[]; again: string[]; members: string[] }
  | { type: 'identified'; uuid: string }
  | { type: 'started'; step: string; at: string }
  | { type: 'finished'; step: string; at: string; outcome: Outcome; note: string | null; facts: Facts }
  | { type: 'blocked'; step: string; at: string; error: StepError; nextAttemptAt: string | null }
  | { type: 'failed'; step: string; at: string; error: StepError }
  | { type: 'skipped'; step: string; at: string }
  | { type: 'requeued'; steps: string[] }
  | { type: 'cluster'; name: string; status: ClusterStatus; blockedStep: string | null; block?: Block }
  | { type: 'status'; status: RunStatus };

/** The state of a run that has not planned its steps yet. */
export function initialState(of: {
  federation: string;
  uuid: string;
  operation: Operation;
  member?: string;
}): RunState {
  return {
    federation: of.federation,
    uuid: of.uuid,
    operation: of.operation,
    member: of.member ?? null,
    status: 'running',
    rollingBack: false,
    blockedSince: null,
    steps: {},
    clusters: {},
    facts: {},
  };
}

/** What a member tells of the step it is blocked at. */
export const blockOf = ({ id, error, blockedSince, nextAttemptAt }: Block): Block => ({
  id,
  error,
  blockedSince,
  nextAttemptAt,
});

const finishedStatus = (outcome: Outcome): StepStatus =>
  outcome === 'kept' ? 'kept' : outcome === 'removed' ? 'undone' : 'done';

function pendingStep(step: FrozenStep): StepState {
  const { id, phase, title, done, skippable } = step;
  return {
    id,
    phase,
    title,
    done,
    skippable,
    status: 'pending',
    startedAt: null,
    finishedAt: null,
    blockedSince: null,
    nextAttemptAt: null,
    note: null,
    outcome: null,
    error: null,
  };
}

function changeStep(state: RunState, id: string, change: Partial<StepState>): RunState {
  const step = state.steps[id];
  if (!step) throw new Error(`no step ${id} in this run`);
  return { ...state, steps: { ...state.steps, [id]: { ...step, ...change } } };
}

const unblocked = { blockedStep: null, block: null };
const settledStep = { blockedSince: null, nextAttemptAt: null, error: null };

/** What a run is while it works. */
export const workingStatus = ({ rollingBack }: Pick<RunState, 'rollingBack'>): RunStatus =>
  rollingBack ? 'rolling-back' : 'running';

type Reducers = { [T in RunEvent['type']]: (state: RunState, event: Extract<RunEvent, { type: T }>) => RunState };

const reducers: Reducers = {
  planned: (state, { steps, clusters }) => ({
    ...state,
    steps: Object.fromEntries(steps.map((step) => [step.id, pendingStep(step)])),
    clusters: Object.fromEntries(
      clusters.map((cluster) => [cluster.name, { ...cluster, status: 'pending' as const, ...unblocked }]),
    ),
  }),
  amended: (state, event) => amended(state, event),
  identified: (state, { uuid }) => ({ ...state, uuid }),
  started: (state, { step, at }) =>
    changeStep(state, step, {
      ...settledStep,
      status: 'running',
      startedAt: state.steps[step]?.startedAt ?? at,
      finishedAt: null,
    }),
  finished: (state, { step, at, outcome, note, facts }) => {
    const finished = { ...settledStep, status: finishedStatus(outcome), finishedAt: at, note, outcome };
    const next = changeStep(state, step, finished);
    return { ...next, facts: { ...next.facts, [step]: facts } };
  },
  blocked: (state, { step, at, error, nextAttemptAt }) =>
    changeStep(state, step, {
      status: 'blocked',
      blockedSince: state.steps[step]?.blockedSince ?? at,
      nextAttemptAt,
      error,
    }),
  failed: (state, { step, at, error }) =>
    changeStep(state, step, { status: 'failed', finishedAt: at, nextAttemptAt: null, error }),
  skipped: (state, { step, at }) => changeStep(state, step, { ...settledStep, status: 'skipped', finishedAt: at }),
  requeued: (state, { steps }) =>
    steps.reduce((next, id) => changeStep(next, id, { ...settledStep, status: 'pending', finishedAt: null }), state),
  cluster: (state, { name, status, blockedStep, block = null }) => {
    const cluster = state.clusters[name];
    if (!cluster) return state;
    return { ...state, clusters: { ...state.clusters, [name]: { ...cluster, status, blockedStep, block } } };
  },
  status: (state, event) => {
    const rollingBack = state.rollingBack || event.status === 'rolling-back';
    const status = event.status === 'running' ? workingStatus({ rollingBack }) : event.status;
    return { ...state, status, rollingBack };
  },
};

/** The next state. Pure: workflow, terminal and tests use the same one. Throws an Error for a step that is not there. */
export function reduce(state: RunState, event: RunEvent): RunState {
  const next = reducers[event.type] as (state: RunState, event: RunEvent) => RunState;
  return next(state, event);
}

function amended(state: RunState, event: Extract<RunEvent, { type: 'amended' }>): RunState {
  const again = new Set(event.again);
  const stepOf = (step: FrozenStep): StepState => {
    const was = state.steps[step.id];
    const { title, done, skippable, ...rest } = pendingStep(step);
    if (!was) return { title, done, skippable, ...rest };
    const changed = again.has(step.id) ? { ...settledStep, status: 'pending' as const, finishedAt: null } : {};
    return { ...was, title, done, skippable, ...changed };
  };
  const steps = Object.fromEntries(event.steps.map((step) => [step.id, stepOf(step)]));
  const clusters = Object.entries(state.clusters).map(([name, cluster]) =>
    event.members.includes(name) ? [name, { ...cluster, status: 'pending' as const, ...unblocked }] : [name, cluster],
  );
  return { ...state, steps, clusters: Object.fromEntries(clusters) as RunState['clusters'] };
}

/** A graph's steps and members, as the event that makes them known. */
export const planned = (graph: FrozenGraph, workflowIdOf: (member: string) => string): RunEvent => ({
  type: 'planned',
  steps: graph.steps,
  clusters: (graph.clusters?.members ?? []).map(({ name }) => ({ name, workflowId: workflowIdOf(name) })),
});
