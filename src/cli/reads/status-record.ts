import type { Operation } from '../../run/input.ts';
import { workflowIdOf } from '../../run/input.ts';
import type { Spec } from '../../spec/schema.ts';
import type { ObservedRun } from './observe.ts';
import { runOf, type StatusModel, type StatusRun } from '../views/status-model.ts';

/** What the host cluster itself holds of a federation; see activities/core/record.ts. */
export interface RecordFacts {
  federation: string;
  uuid: string;
  /** `turning-up`, `up`, `turning-down`, `debts`. */
  phase: string;
  spec: Spec | null;
  images: Record<string, string>;
  debts?: Record<string, { since: string; objects: number }>;
  /** First run id of the run that wrote its spec last, and when anything in it was written last. */
  updatedBy?: string;
  updatedAt?: string;
}

/** What is told of a run that did not answer itself. */
type ToldRun = Pick<ObservedRun, 'execution' | 'memo' | 'runId'> & Partial<Pick<ObservedRun, 'startedAt' | 'closedAt'>>;

const operations: Readonly<Record<string, Operation>> = {
  'turning-up': 'up',
  up: 'up',
  'turning-down': 'down',
  debts: 'down',
};

const recordedRun = (phase: string): Pick<StatusModel, 'operation' | 'status'> => ({
  operation: operations[phase] ?? null,
  status: phase === 'up' ? 'completed' : 'none',
});

/**
 * A picture from the record alone: no worker answered, so no steps. Members are told as the last completed run left
 * them; one that is to leave is a member until it has left. `run`: what Temporal itself says of the run, if it does.
 */
export function recordStatus(record: RecordFacts, run?: ToldRun): StatusModel {
  const spec: Partial<Spec> = record.spec ?? {};
  const member = record.phase === 'turning-up' ? 'pending' : 'ready';
  return {
    ...nothing(record.federation),
    uuid: record.uuid,
    ...(run ? { operation: operationOf(run), status: executionStatus(run) } : recordedRun(record.phase)),
    source: 'record',
    clusters: (spec.clusters ?? []).map(({ name }) => ({ name, status: member, steps: [] })),
    debts: Object.entries(record.debts ?? {}).map(([cluster, { since, objects }]) => ({
      cluster,
      since,
      objects,
      nextAttemptAt: null,
    })),
    outputs: {
      ...nothing(record.federation).outputs,
      context: spec.kubeconfig?.context ?? null,
      zone: spec.dns?.zone ?? null,
      images: record.images,
    },
    lastRun: run ? runOf(run, operationOf(run), executionStatus(run)) : lastWriter(record),
  };
}

/** The record does not say what its last writer was about: `join` writes there too. */
const lastWriter = ({ phase, updatedBy, updatedAt }: RecordFacts): StatusRun | null =>
  updatedBy
    ? {
        operation: null,
        status: recordedRun(phase).status,
        runId: updatedBy,
        startedAt: null,
        endedAt: phase === 'up' ? (updatedAt ?? null) : null,
      }
    : null;

const isOperation = (word: string | undefined): word is Operation =>
  word === 'up' || word === 'down' || word === 'join' || word === 'unjoin';
const operationOf = ({ memo }: Pick<ObservedRun, 'memo'>): Operation | null =>
  isOperation(memo.operation) ? memo.operation : null;

const ended = { COMPLETED: 'completed', CANCELLED: 'cancelled', RUNNING: 'running', OTHER: 'running' } as const;
const executionStatus = ({ execution }: Pick<ObservedRun, 'execution'>): StatusModel['status'] =>
  execution in ended ? ended[execution as keyof typeof ended] : 'failed';

/** A picture from Temporal's own knowledge, when neither worker nor host cluster answered. */
export function silentStatus(federation: string, run: ToldRun): StatusModel {
  const { context = null, zone = null } = run.memo;
  const empty = nothing(federation);
  return {
    ...empty,
    operation: operationOf(run),
    source: 'workflow',
    status: executionStatus(run),
    outputs: { ...empty.outputs, context, zone },
    lastRun: runOf(run, operationOf(run), executionStatus(run)),
  };
}

/** A federation that neither Temporal nor its host cluster knows; also what every other picture begins with. */
export const nothing = (federation: string): StatusModel => ({
  federation,
  uuid: '',
  workflowId: workflowIdOf(federation),
  operation: null,
  source: 'record',
  status: 'none',
  blockedSince: null,
  phases: [],
  clusters: [],
  debts: [],
  warnings: [],
  outputs: { apiserverAddress: null, context: null, zone: null, nameServers: [], images: {}, certificateExpiry: null },
  lastRun: null,
  standing: null,
});
