import { phases } from '../../catalogue/definition.ts';
import type { Facts } from '../../catalogue/call.ts';
import { fixOfError } from '../../distributions/fix.ts';
import type { StepError } from '../../errors/step-error.ts';
import type { Operation } from '../../run/input.ts';
import type { ClusterStatus, RunState, RunStatus, StepState, StepStatus } from '../../run/state.ts';
import {
  type ExecutionStatus,
  isLeaving,
  type PendingActivity,
  type PhaseStatus,
  runOf,
  type RunObservation,
  type StatusError,
  type StatusModel,
  type StatusOutputs,
  type StatusPhase,
  type StatusStep,
  type StatusWarning,
} from './status-model.ts';

/** What the run's facts do not hold: names that stand in the spec. */
export interface KnownOutputs {
  context?: string | null | undefined;
  zone?: string | null | undefined;
}

const toError = (error: StepError | null, federation: string): StatusError | null =>
  error && {
    code: error.code,
    message: error.message,
    fix: fixOfError(error, federation),
  };

const unfinished: ReadonlySet<StepStatus> = new Set(['running', 'blocked']);

const blockedBy = (step: StepState, activity: PendingActivity | undefined): StepError | null =>
  step.error ?? (step.status === 'blocked' ? (activity?.error ?? null) : null);

function mergeStep(step: StepState, activity: PendingActivity | undefined, federation: string): StatusStep {
  const live = unfinished.has(step.status) ? activity : undefined;
  const { id, title, done, status, startedAt, finishedAt, note, outcome = null } = step;
  return {
    id,
    title,
    done,
    outcome,
    status,
    attempt: live?.attempt ?? (startedAt ? 1 : 0),
    startedAt,
    finishedAt,
    nextAttemptAt: live?.nextAttemptAt ?? step.nextAttemptAt,
    detail: (live && (live.detail ?? live.error?.message)) ?? note,
    error: toError(blockedBy(step, live), federation),
  };
}

/** Statuses of an execution that ended without its workflow saying so (terminated from outside, timed out). */
const ended: Partial<Record<ExecutionStatus, RunStatus>> = {
  FAILED: 'failed',
  TERMINATED: 'failed',
  TIMED_OUT: 'failed',
  CANCELLED: 'cancelled',
  COMPLETED: 'completed',
};
const over: ReadonlySet<RunStatus> = new Set(['completed', 'failed', 'cancelled']);

const runStatus = (run: RunObservation, state: RunState): RunStatus =>
  over.has(state.status) ? state.status : (ended[run.execution] ?? state.status);

/** A step of a run that is over: nothing works or waits any more, whatever the run said last. */
function closeStep(step: StatusStep, closedAt: string | null): StatusStep {
  if (step.status === 'running')
    return {
      ...step,
      status: 'pending',
      attempt: 0,
      startedAt: null,
      nextAttemptAt: null,
      detail: 'stopped with the run',
    };
  if (step.status === 'blocked') return { ...step, status: 'failed', finishedAt: closedAt, nextAttemptAt: null };
  return step;
}

function stepsOf(run: RunObservation | undefined): StatusStep[] {
  if (!run?.state) return [];
  const { federation } = run.state;
  const pending = new Map(run.activities.map((activity) => [activity.activityId, activity]));
  const steps = Object.values(run.state.steps).map((step) => mergeStep(step, pending.get(step.id), federation));
  return over.has(runStatus(run, run.state)) ? steps.map((step) => closeStep(step, run.closedAt ?? null)) : steps;
}

/** One word for many: what hurts most comes first. */
function phaseStatus(statuses: readonly (StepStatus | ClusterStatus)[]): PhaseStatus {
  const has = (...wanted: (StepStatus | ClusterStatus)[]): boolean =>
    wanted.some((status) => statuses.includes(status));
  if (has('failed')) return 'failed';
  if (has('running', 'joining')) return 'running';
  if (has('blocked')) return 'blocked';
  if (statuses.every((status) => status === 'pending')) return 'pending';
  return has('pending') ? 'running' : 'done';
}

function toPhases(state: RunState, steps: readonly StatusStep[], isOver: boolean): StatusPhase[] {
  return phases.flatMap((id) => {
    const own = steps.filter((step) => state.steps[step.id]?.phase === id);
    const statuses =
      id === 'clusters'
        ? Object.values(state.clusters).map((cluster) =>
            isOver ? clusterStatus('up', cluster.status, true) : cluster.status,
          )
        : own.map((step) => step.status);
    const status = phaseStatus(statuses);
    // Of a run that is over nothing runs: what is left of a phase waits for the next run.
    const told = isOver && status === 'running' ? 'pending' : status;
    return statuses.length > 0 ? [{ id, status: told, steps: own }] : [];
  });
}

/**
 * A member that leaves is a member until it has left; the state calls its run `joining` in both directions. In a run
 * that is over, none joins and none waits.
 */
function clusterStatus(operation: Operation, status: ClusterStatus, isOver: boolean): ClusterStatus {
  if (isOver && status === 'blocked') return 'failed';
  const begun = status === 'pending' || status === 'joining';
  if (isLeaving(operation) && begun) return 'ready';
  return isOver && begun ? 'pending' : status;
}

const text = (value: Facts[string] | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
const list = (value: Facts[string] | undefined): string[] => (Array.isArray(value) ? value : []);

function outputsOf(facts: RunState['facts'], known: KnownOutputs): StatusOutputs {
  const images = facts['images/record'] ?? {};
  // Of these facts `version` alone is no reference.
  const named = Object.entries(images).flatMap(([name, value]) => {
    const image = name === 'version' ? null : text(value);
    return image ? [[name, image] as const] : [];
  });
  return {
    apiserverAddress: text(facts['apiserver/address']?.['address']),
    context: known.context ?? null,
    zone: known.zone ?? null,
    nameServers: list(facts['dns/zone']?.['nameServers']),
    images: Object.fromEntries(named),
    certificateExpiry: text(facts['apiserver/credentials']?.['expires']),
  };
}

/** With `dns.delegation: warn` a run goes on without; the person still has to do it. */
function warningsOf(facts: RunState['facts']): StatusWarning[] {
  const { problems, records } = facts['dns/delegation'] ?? {};
  const message = list(problems).join('; ');
  if (message === '') return [];
  return [
    {
      step: 'dns/delegation',
      message: `the delegation of the zone is not right: ${message}`,
      fix: ['add to the parent zone:', ...list(records).map((record) => `  ${record}`)],
    },
  ];
}

/**
 * One picture of a run and its children: states from their queries, attempts and reasons from what Temporal tells of
 * their pending activities. Undefined when the run itself did not answer (no worker): the record has to do then.
 */
export function mergeStatus(
  parent: RunObservation,
  children: readonly RunObservation[] = [],
  known: KnownOutputs = {},
): StatusModel | undefined {
  const { state } = parent;
  if (!state) return undefined;
  const status = runStatus(parent, state);
  const isOver = over.has(status);
  const byId = new Map(children.map((child) => [child.workflowId, child]));
  return {
    federation: state.federation,
    uuid: state.uuid,
    workflowId: parent.workflowId,
    operation: state.operation,
    source: 'workflow',
    status,
    blockedSince: isOver ? null : state.blockedSince,
    phases: toPhases(state, stepsOf(parent), isOver),
    clusters: Object.values(state.clusters).map(({ name, status: told, workflowId }) => ({
      name,
      status: clusterStatus(state.operation, told, isOver),
      steps: stepsOf(byId.get(workflowId)),
    })),
    debts: [],
    warnings: state.operation === 'down' ? [] : warningsOf(state.facts),
    // What the undos of a turn-down tell is of things that go.
    outputs: outputsOf(state.operation === 'down' ? {} : state.facts, known),
    lastRun: runOf(parent, state.operation, status),
    standing: null,
  };
}
