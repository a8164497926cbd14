import { WorkflowNotFoundError, type WorkflowExecutionDescription } from '@temporalio/client';
import {
  ApplicationFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
  TimeoutFailure,
} from '@temporalio/common';
import type { HostRef } from '../../catalogue/call.ts';
import { getRunStateQuery } from '../../run/messages.ts';
import type { RunState } from '../../run/state.ts';
import { type StepError, stepErrorOf, timedOut } from '../../errors/step-error.ts';
import type { Temporal } from '../../temporal/client.ts';
import type { ContextRef } from '../files/kubeconfig-file.ts';
import type { ExecutionStatus, PendingActivity, RunObservation } from '../views/status-model.ts';

/** How long a worker has to answer the query, ms. */
const queryMs = 2_000;
/** Longest text shown of what an activity says of itself, bytes of UTF-16; activities keep to 1 KB. */
const detailLength = 1_024;

type RawActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
const scheduled = 1; // PENDING_ACTIVITY_STATE_SCHEDULED

/** What the run's memo tells; written by `up` and `down` when they start it. */
export interface RunMemo {
  operation?: string;
  digest?: string;
  /** `--take-over` and the like, as given. */
  flags?: string[];
  host?: HostRef;
  context?: string;
  zone?: string;
  /** Of a turn-down: the context that goes from the operator's kubeconfig with it. */
  kubeconfig?: ContextRef;
}

/** One run as seen now, with when it began and what its memo says. */
export interface ObservedRun extends RunObservation {
  startedAt: string;
  /** Run id of the execution that started this one as its child; null for a run that people started. */
  parentRunId: string | null;
  memo: RunMemo;
  /** Parent's query answered too late or not at all: no worker, most likely. */
  silent: boolean;
}

/**
 * Looks at one run (the latest of its id): describe, and the query with its deadline.
 * Undefined when Temporal knows no run of this id. Throws what the connection throws.
 */
export async function observeRun(temporal: Temporal, workflowId: string): Promise<ObservedRun | undefined> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  let description: WorkflowExecutionDescription;
  try {
    description = await handle.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
  const state = await askState(temporal, workflowId, description.runId);
  return {
    workflowId,
    runId: description.runId,
    execution: executionStatus(description.status.name),
    state,
    silent: state === null,
    activities: (description.raw.pendingActivities ?? []).map(pendingActivity),
    startedAt: description.startTime.toISOString(),
    closedAt: description.closeTime?.toISOString() ?? null,
    parentRunId: description.parentExecution?.runId ?? null,
    memo: (description.memo ?? {}) as RunMemo,
  };
}

/** A run and the runs of its members, seen together. */
export async function observeFamily(
  temporal: Temporal,
  workflowId: string,
): Promise<{ parent: ObservedRun; children: ObservedRun[] } | undefined> {
  const parent = await observeRun(temporal, workflowId);
  if (!parent) return undefined;
  const started = Object.values(parent.state?.clusters ?? {}).filter((cluster) => cluster.status !== 'pending');
  const children = await Promise.all(started.map((cluster) => observeRun(temporal, cluster.workflowId)));
  const own = children.filter((child) => child !== undefined);
  return { parent, children: own.filter((child) => isChildOf(parent, child)) };
}

/**
 * Whether a member's run belongs to this run. Its id is the same in every run of the federation: until this run has
 * started its own, the latest of that id is an older run's, and says nothing of this one. (No run continues as new.)
 */
export const isChildOf = (parent: Pick<ObservedRun, 'runId'>, child: Pick<ObservedRun, 'parentRunId'>): boolean =>
  child.parentRunId === parent.runId;

async function askState(temporal: Temporal, workflowId: string, runId: string): Promise<RunState | null> {
  try {
    const handle = temporal.client.workflow.getHandle(workflowId, runId);
    return await temporal.connection.withDeadline(Date.now() + queryMs, () => handle.query(getRunStateQuery));
  } catch {
    // No poller, a deadline, a worker of another version: all the same to the asker; the record answers then.
    return null;
  }
}

const statuses: readonly ExecutionStatus[] = ['RUNNING', 'COMPLETED', 'FAILED', 'TERMINATED', 'TIMED_OUT'];
function executionStatus(name: string): ExecutionStatus {
  if (name === 'CANCELLED' || name === 'CANCELED') return 'CANCELLED';
  return statuses.find((status) => status === name) ?? 'OTHER';
}

/** Seconds and nanoseconds of protobuf as ISO 8601. */
function isoOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): string | null {
  const seconds = Number(time?.seconds ?? 0);
  return seconds > 0 ? new Date(seconds * 1000 + Math.floor((time?.nanos ?? 0) / 1e6)).toISOString() : null;
}

/** Temporal's own record of an activity that is not over, in our words. */
export function pendingActivity(raw: RawActivity): PendingActivity {
  return {
    activityId: raw.activityId ?? '',
    attempt: raw.attempt ?? 1,
    nextAttemptAt: raw.state === scheduled ? isoOf(raw.nextAttemptScheduleTime ?? raw.scheduledTime) : null,
    detail: heartbeatText(raw),
    error: raw.lastFailure ? failureOf(raw.lastFailure) : null,
  };
}

function heartbeatText(raw: RawActivity): string | null {
  const payload = raw.heartbeatDetails?.payloads?.[0];
  if (!payload) return null;
  try {
    const value: unknown = defaultPayloadConverter.fromPayload(payload);
    const text = typeof value === 'string' ? value : null;
    return text ? text.slice(0, detailLength) : null;
  } catch {
    return null; // written by another program's converter
  }
}

function failureOf(failure: NonNullable<RawActivity['lastFailure']>): StepError {
  const error = defaultFailureConverter.failureToError(failure, defaultPayloadConverter);
  if (error instanceof ApplicationFailure) return stepErrorOf(error);
  if (error instanceof TimeoutFailure) return timedOut(error.timeoutType);
  return { code: 'BUG', message: error.message, data: {} };
}
