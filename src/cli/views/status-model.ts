import type { PhaseId } from '../../catalogue/definition.ts';
import type { Outcome } from '../../catalogue/call.ts';
import type { Standing } from '../../status/standing.ts';
import type { Operation } from '../../run/input.ts';
import type { ClusterStatus, RunState, RunStatus, StepStatus } from '../../run/state.ts';
import type { StepError } from '../../errors/step-error.ts';

/** What Temporal tells of an activity that is not over. */
export interface PendingActivity {
  /** The step's id. */
  activityId: string;
  attempt: number;
  /** ISO 8601; null while an attempt runs. */
  nextAttemptAt: string | null;
  /** Last heartbeat: why the step waits. */
  detail: string | null;
  /** Why the last attempt failed. */
  error: StepError | null;
}

/** How Temporal sees an execution. */
export type ExecutionStatus = 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TERMINATED' | 'TIMED_OUT' | 'OTHER';

/** What was seen of one run: `state` is null when no worker answered the query. */
export interface RunObservation {
  workflowId: string;
  runId: string;
  execution: ExecutionStatus;
  state: RunState | null;
  activities: PendingActivity[];
  /** When the execution began and ended, ISO 8601; the end is absent or null while it is open. */
  startedAt?: string;
  closedAt?: string | null;
}

export interface StatusError {
  code: string;
  message: string;
  fix: string[];
}

/** A step as seen now. `done` and `outcome` serve the terminal and stand in no document; see status-document.ts. */
export interface StatusStep {
  id: string;
  title: string;
  /** The title in the past tense, for people. */
  done: string;
  /** What the step did, once done. */
  outcome: Outcome | null;
  status: StepStatus;
  attempt: number;
  startedAt: string | null;
  finishedAt: string | null;
  nextAttemptAt: string | null;
  detail: string | null;
  error: StatusError | null;
}

export type PhaseStatus = 'pending' | 'running' | 'blocked' | 'done' | 'failed';
export interface StatusPhase {
  id: PhaseId;
  status: PhaseStatus;
  steps: StatusStep[];
}

export interface StatusCluster {
  name: string;
  status: ClusterStatus;
  steps: StatusStep[];
}

/** Clean-up owed by a member that could not be reached. */
export interface StatusDebt {
  cluster: string;
  since: string;
  objects: number;
  nextAttemptAt: string | null;
}

export interface StatusOutputs {
  apiserverAddress: string | null;
  context: string | null;
  zone: string | null;
  nameServers: string[];
  images: Record<string, string>;
  certificateExpiry: string | null;
}

/** What a step that went on found not to be right, and what fixes it. */
export interface StatusWarning {
  step: string;
  message: string;
  fix: string[];
}

/** The last run of a federation, or the one that works on it now. */
export interface StatusRun {
  /** Null: the record alone tells of it, and does not say. */
  operation: Operation | null;
  /** `none`: it is not known how it ended. */
  status: RunStatus | 'none';
  runId: string;
  /** ISO 8601. */
  startedAt: string | null;
  endedAt: string | null;
}

/** The document of `fedctl status -o json`: field names are API. */
export interface StatusModel {
  federation: string;
  uuid: string;
  workflowId: string;
  operation: Operation | null;
  source: 'workflow' | 'record';
  status: RunStatus | 'none';
  blockedSince: string | null;
  phases: StatusPhase[];
  clusters: StatusCluster[];
  debts: StatusDebt[];
  warnings: StatusWarning[];
  outputs: StatusOutputs;
  lastRun: StatusRun | null;
  /** What stands in the clusters, whatever the last run was; only `status` asks them. Null: not asked, or nothing does. */
  standing: Standing | null;
}

/** Whether members leave in runs of this operation. */
export const isLeaving = (operation: Operation | null): boolean => operation === 'down' || operation === 'unjoin';

/** A run as Temporal knows it. */
export const runOf = (
  { runId, startedAt, closedAt }: Pick<RunObservation, 'runId' | 'startedAt' | 'closedAt'>,
  operation: Operation | null,
  status: StatusRun['status'],
): StatusRun => ({ operation, status, runId, startedAt: startedAt ?? null, endedAt: closedAt ?? null });

/** All steps of a picture, those of members too. */
export const allSteps = (model: StatusModel): StatusStep[] => [
  ...model.phases.flatMap((phase) => phase.steps),
  ...model.clusters.flatMap((cluster) => cluster.steps),
];

/** Steps that wait for a person or for time. */
export const blockedSteps = (model: StatusModel): StatusStep[] =>
  allSteps(model).filter((step) => step.status === 'blocked');
