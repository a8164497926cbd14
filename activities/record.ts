import type { CallOf, ResultOf } from '../src/plan/call-of.ts';
import type { StepCall, StepResult } from '../src/plan/call.ts';
import { labels, labelsFor, names } from '../src/plan/names.ts';
import type { Kube, KubeObject, ObjectRef } from './clients/kube-port.ts';
import type { Deps } from './deps.ts';
import { failure } from './fail.ts';
import { isOurs, removeAndWait } from './objects.ts';
import { acquire, release } from './owner.ts';
import { inStep, type StepScope, writing } from './step.ts';

/** What the host cluster itself knows of a federation. */
export interface FederationRecord {
  uuid: string;
  federation: string;
  digest: string;
  /** The resolved spec; free of secrets. */
  spec: unknown;
  /** `turning-up`, `up`, `turning-down`, `debts`. */
  phase: string;
  images: Record<string, string>;
  updatedAt: string;
  /** First run id of the run that made the record, and of the one that wrote its spec last. */
  createdBy: string;
  updatedBy: string;
  /** What the last writer found, for its rollback. */
  previous: string;
}

const recordRef = (namespace: string): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: names.record,
  namespace,
});

const dataOf = (object: KubeObject): Record<string, string> =>
  (object['data'] as Record<string, string> | undefined) ?? {};

/** The record of a namespace, or undefined. */
export async function readRecord(host: Kube, namespace: string): Promise<FederationRecord | undefined> {
  const object = await host.read(recordRef(namespace));
  if (!object) return undefined;
  const data = dataOf(object);
  return {
    uuid: data['uuid'] ?? '',
    federation: data['federation'] ?? '',
    digest: data['digest'] ?? '',
    spec: JSON.parse(data['spec'] ?? 'null'),
    phase: data['phase'] ?? '',
    images: JSON.parse(data['images'] ?? '{}') as Record<string, string>,
    updatedAt: data['updatedAt'] ?? '',
    createdBy: data['createdBy'] ?? '',
    updatedBy: data['updatedBy'] ?? '',
    previous: data['previous'] ?? '',
  };
}

/** Input of host/record: beside the slice it reads, the whole spec, for the record. */
type RecordInput = { record?: { spec: unknown } };

async function ensureRecord(scope: StepScope, call: CallOf<'host/record'>): Promise<ResultOf<'host/record'>> {
  const { federation, uuid, digest, host } = scope.run;
  const found = await readRecord(scope.host, host.namespace);
  if (found && (found.federation !== federation || found.uuid !== uuid)) {
    const message = `namespace ${host.namespace} holds federation ${found.federation} (${found.uuid}) already`;
    throw failure('RECORD_OTHER', message, { federation: found.federation });
  }
  await acquire(scope);
  const wanted = { uuid, federation, digest, spec: JSON.stringify((call.input as RecordInput).record?.spec ?? null) };
  const said = found && found.digest === digest && JSON.stringify(found.spec) === wanted.spec;
  if (said && standing.has(found.phase)) return { outcome: 'kept', facts: { uuid } };
  const updatedBy = scope.run.firstRunId;
  const data = { ...wanted, phase: 'turning-up', updatedAt: new Date().toISOString(), updatedBy };
  const metadata = { name: names.record, namespace: host.namespace, labels: labelsFor(uuid) };
  if (!found) {
    await scope.host.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { ...data, createdBy: updatedBy } });
    return { outcome: 'created', facts: { uuid } };
  }
  const before = found.updatedBy === updatedBy ? {} : { previous: previousOf(found) };
  await scope.host.mergePatch(recordRef(host.namespace), { data: { ...data, ...before } });
  return { outcome: 'updated', facts: { uuid } };
}

/** Phases of a record that a turn-up need not write again. */
const standing: ReadonlySet<string> = new Set(['turning-up', 'up']);

const previousOf = ({ digest, spec, phase }: FederationRecord): string =>
  JSON.stringify({ digest, spec: JSON.stringify(spec), phase });

/** Merges keys into the record. */
export async function patchRecord(scope: StepScope, data: Record<string, string>): Promise<void> {
  await scope.host.mergePatch(recordRef(scope.run.host.namespace), {
    data: { ...data, updatedAt: new Date().toISOString() },
  });
}

async function closeRecord(scope: StepScope): Promise<StepResult> {
  const record = await readRecord(scope.host, scope.run.host.namespace);
  const stands = record?.phase === 'up';
  if (!stands) await patchRecord(scope, { phase: 'up' });
  await release(scope);
  return { outcome: stands ? 'kept' : 'updated', facts: {} };
}

/** A rollback of a later run: the record says again what it said before, and nobody holds the federation. */
async function giveBack(scope: StepScope, record: FederationRecord): Promise<StepResult> {
  const changed = record.updatedBy === scope.run.firstRunId && record.previous !== '';
  if (changed) await patchRecord(scope, JSON.parse(record.previous) as Record<string, string>);
  await release(scope);
  const note = 'the record was there before this run and stays';
  return { outcome: changed ? 'updated' : 'kept', note, facts: {} };
}

/** Undo of host/record: ledgers and Lease first, the record last, so that a crash in between is still known. */
async function removeRecord(scope: StepScope, call: StepCall<unknown>): Promise<StepResult> {
  const namespace = scope.run.host.namespace;
  const record = scope.run.rollback ? await readRecord(scope.host, namespace) : undefined;
  if (record && record.createdBy !== scope.run.firstRunId) return giveBack(scope, record);
  const ours = `${labels.federation}=${scope.run.uuid}`;
  const maps = await scope.host.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: ours });
  const leases = await scope.host.list({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    namespace,
    labelSelector: ours,
  });
  const last = (object: KubeObject): number => Number(object.metadata.name === names.record);
  for (const object of [...maps, ...leases].sort((a, b) => last(a) - last(b))) {
    const { apiVersion, kind, metadata } = object;
    if (isOurs(scope, object))
      await removeAndWait(scope.host, call, { apiVersion, kind, name: metadata.name, namespace }, metadata.uid ?? '');
  }
  return { outcome: 'removed', facts: {} };
}

/** Steps about the record; see design §6.4. */
export const recordActivities = (deps: Deps) => ({
  ensureRecord: writing<'host/record'>(deps, ensureRecord),
  // Its Lease goes with it: a second attempt after a crash finds no owner, which is right.
  removeRecord: (call: StepCall<unknown>) => inStep(deps, call, (scope) => removeRecord(scope, call)),
  markRecord: writing<'verify/record'>(deps, closeRecord),
});
