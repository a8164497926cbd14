import type { Operation } from '../run/input.ts';
import { workflowIdOf } from '../run/input.ts';
import type { Spec } from '../spec/schema.ts';
import type { ObservedRun } from './observe.ts';
import type { StatusModel } from './status-model.ts';

/** What the host cluster itself holds of a federation; see activities/record.ts. */
export interface RecordFacts {
  federation: string;
  uuid: string;
  /** `turning-up`, `up`, `turning-down`, `debts`. */
  phase: string;
  spec: unknown;
  images: Record<string, string>;
}

const operations: Readonly<Record<string, Operation>> = {
  'turning-up': 'up',
  up: 'up',
  'turning-down': 'down',
  debts: 'down',
};

/** A picture from the record alone: no run answered, so no steps; members as the last completed run left them. */
export function recordStatus(record: RecordFacts): StatusModel {
  const spec = (record.spec ?? {}) as Partial<Spec>;
  const up = record.phase === 'up';
  return {
    ...nothing(record.federation),
    uuid: record.uuid,
    operation: operations[record.phase] ?? null,
    source: 'record',
    status: up ? 'completed' : 'none',
    clusters: (spec.clusters ?? []).map(({ name }) => ({ name, status: up ? 'ready' : 'pending', steps: [] })),
    outputs: {
      ...nothing(record.federation).outputs,
      context: spec.kubeconfig?.context ?? null,
      zone: spec.dns?.zone ?? null,
      images: record.images,
    },
  };
}

/** A picture from Temporal's own knowledge, when neither worker nor host cluster answered. */
export function silentStatus(federation: string, run: ObservedRun): StatusModel {
  const ended = { COMPLETED: 'completed', CANCELLED: 'cancelled', RUNNING: 'running', OTHER: 'running' } as const;
  const status = run.execution in ended ? ended[run.execution as keyof typeof ended] : 'failed';
  const operation = operations[run.memo.operation ?? ''] ?? (run.memo.operation === 'down' ? 'down' : null);
  const { context = null, zone = null } = run.memo;
  const empty = nothing(federation);
  return { ...empty, operation, source: 'workflow', status, outputs: { ...empty.outputs, context, zone } };
}

const nothing = (federation: string): StatusModel => ({
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
  outputs: { apiserverAddress: null, context: null, zone: null, nameServers: [], images: {}, certificateExpiry: null },
});
