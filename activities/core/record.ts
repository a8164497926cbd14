import type { CallOf, ResultOf, UndoCallOf } from '../../src/catalogue/call-of.ts';
import type { StepCall, StepResult } from '../../src/catalogue/call.ts';
import { labels, labelsFor, names } from '../../src/kubernetes/names.ts';
import { orphansOf } from '../../src/graph/orphans.ts';
import type { ClusterSpec, Spec } from '../../src/spec/schema.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';
import type { Deps } from './deps.ts';
import { failure } from '../kit/fail.ts';
import { allEntries, sayEntry } from './ledger.ts';
import { isOurs, removeAndWait } from './objects.ts';
import { acquire, assertNotTakenOver, release } from './owner.ts';
import { inStep, type StepScope, writing } from './step.ts';

const phases = ['turning-up', 'up', 'turning-down', 'debts'] as const;
/** How far the last run came; `debts`: all is down but what members owe; '': one that this version does not know. */
export type RecordPhase = (typeof phases)[number] | '';

/** What the host cluster itself knows of a federation. */
export interface FederationRecord {
  uuid: string;
  federation: string;
  digest: string;
  /** The resolved spec, as the version that wrote it knew it; free of secrets. null: none was written. */
  spec: Spec | null;
  phase: RecordPhase;
  images: Record<string, string>;
  updatedAt: string;
  /** First run id of the run that made the record, and of the one that wrote its spec last. */
  createdBy: string;
  updatedBy: string;
  /** What the last writer found, for its rollback. */
  previous: string;
  /** Every member that was ever begun to join and has not left: a spec may not name it any more. */
  members: ClusterSpec[];
  /** Clean-up owed in members that could not be reached, by their names. */
  debts: Record<string, DebtNote>;
}

/** One debt, as the record has it. */
export interface DebtNote {
  /** ISO 8601. */
  since: string;
  context: string;
  kubeconfig?: string;
  /** Number of objects. */
  objects: number;
}

const debtKey = (member: string): string => `debt.${member}`;

const debtsIn = (data: Record<string, string>): Record<string, DebtNote> =>
  Object.fromEntries(
    Object.entries(data).flatMap(([key, text]) =>
      key.startsWith(debtKey('')) ? [[key.slice(debtKey('').length), JSON.parse(text) as DebtNote]] : [],
    ),
  );

/** Notes a debt, or takes it out. A key a debt: members note theirs at the same time. */
export async function patchDebt(scope: StepScope, member: string, note: DebtNote | null): Promise<void> {
  await scope.host.mergePatch(recordRef(scope.run.host.namespace), {
    data: { [debtKey(member)]: note && JSON.stringify(note) },
  });
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
  const text = (key: string): string => data[key] ?? '';
  const json = (key: string, empty: string): unknown => JSON.parse(data[key] ?? empty);
  return {
    uuid: text('uuid'),
    federation: text('federation'),
    digest: text('digest'),
    spec: json('spec', 'null') as Spec | null,
    phase: phases.find((phase) => phase === data['phase']) ?? '',
    images: json('images', '{}') as Record<string, string>,
    updatedAt: text('updatedAt'),
    createdBy: text('createdBy'),
    updatedBy: text('updatedBy'),
    previous: text('previous'),
    members: json('members', '[]') as ClusterSpec[],
    debts: debtsIn(data),
  };
}

async function ensureRecord(scope: StepScope, call: CallOf<'host/record'>): Promise<ResultOf<'host/record'>> {
  const { federation, uuid, host } = scope.run;
  const found = await readRecord(scope.host, host.namespace);
  if (found && (found.federation !== federation || found.uuid !== uuid)) {
    const message = `namespace ${host.namespace} holds federation ${found.federation} (${found.uuid}) already`;
    throw failure('RECORD_OTHER', message, { federation: found.federation });
  }
  if (found) await assertNoOrphans(scope, call, found);
  await acquire(scope);
  const said = saidBy(scope, call, found);
  if (found && standing.has(found.phase) && saysAlready(found, said)) return { outcome: 'kept', facts: { uuid } };
  await writeRecord(scope, said, found);
  return { outcome: found ? 'updated' : 'created', facts: { uuid } };
}

/**
 * Throws SPEC_ORPHANS where the ledgers know of things that a turn-down by the new spec would not find. What a debt
 * owes is taken away by the debt.
 */
async function assertNoOrphans(scope: StepScope, call: CallOf<'host/record'>, found: FederationRecord): Promise<void> {
  const { spec } = call.input.record;
  if (!found.spec) return;
  const owed = Object.keys(found.debts);
  const made = (await allEntries(scope.host, scope.run.host.namespace)).filter(
    ({ step }) => !owed.some((member) => step.startsWith(`clusters/${member}/`)),
  );
  const orphans = orphansOf(made, found.spec, spec, scope.deps.distributions);
  if (orphans.length === 0) return;
  const message = `nothing would remove ${orphans.slice(0, 10).map(sayEntry).join(', ')}`;
  throw failure('SPEC_ORPHANS', message, { federation: scope.run.federation });
}

/** What the run wants the record to say. */
type Said = Record<'uuid' | 'federation' | 'digest' | 'spec' | 'members', string>;

function saidBy({ run }: StepScope, call: CallOf<'host/record'>, found: FederationRecord | undefined): Said {
  const { spec } = call.input.record;
  const members = JSON.stringify(merged(found?.members ?? [], spec.clusters));
  const { uuid, federation, digest } = run;
  return { uuid, federation, digest, spec: JSON.stringify(spec), members };
}

const saysAlready = (found: FederationRecord, { digest, spec, members }: Said): boolean =>
  found.digest === digest && JSON.stringify(found.spec) === spec && JSON.stringify(found.members) === members;

async function writeRecord(scope: StepScope, said: Said, found: FederationRecord | undefined): Promise<void> {
  const { namespace } = scope.run.host;
  const updatedBy = scope.run.firstRunId;
  const phase = joinsStanding(scope, found) ? 'up' : 'turning-up';
  const data = { ...said, phase, updatedAt: new Date().toISOString(), updatedBy };
  if (!found) {
    const metadata = { name: names.record, namespace, labels: labelsFor(scope.run.uuid) };
    await scope.host.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { ...data, createdBy: updatedBy } });
    return;
  }
  const before = found.updatedBy === updatedBy ? {} : { previous: previousOf(found) };
  await scope.host.mergePatch(recordRef(namespace), { data: { ...data, ...before } });
}

/** A federation that stands goes on standing while a member joins: one that fails keeps nobody from trying again. */
const joinsStanding = ({ run }: StepScope, found: FederationRecord | undefined): boolean =>
  run.operation === 'join' && found?.phase === 'up';

/** Members by name, the newer entry first to be believed. */
const merged = (old: readonly ClusterSpec[], now: readonly ClusterSpec[]): ClusterSpec[] => [
  ...old.filter(({ name }) => !now.some((entry) => entry.name === name)),
  ...now,
];

/** Phases of a record that a turn-up need not write again. */
const standing: ReadonlySet<RecordPhase> = new Set(['turning-up', 'up']);

const previousOf = ({ digest, spec, phase, members }: FederationRecord): string =>
  JSON.stringify({ digest, spec: JSON.stringify(spec), phase, members: JSON.stringify(members) });

/** Merges keys into the record. */
export async function patchRecord(scope: StepScope, data: Record<string, string>): Promise<void> {
  await scope.host.mergePatch(recordRef(scope.run.host.namespace), {
    data: { ...data, updatedAt: new Date().toISOString() },
  });
}

/** The federation stands; `left`: members that are no longer its own. */
async function closeRecord(scope: StepScope, call: CallOf<'verify/record'>): Promise<StepResult> {
  const record = await readRecord(scope.host, scope.run.host.namespace);
  const { left = [] } = call.input;
  const gone = record ? withoutMembers(record, left) : undefined;
  const stands = record?.phase === 'up' && !gone;
  if (!stands) await patchRecord(scope, { ...gone, phase: 'up' });
  await release(scope);
  return { outcome: stands ? 'kept' : 'updated', facts: {} };
}

/** What to write when members have left; undefined when the record knows none of them. */
function withoutMembers(record: FederationRecord, left: readonly string[]): Record<string, string> | undefined {
  const stay = (member: ClusterSpec): boolean => !left.includes(member.name);
  const { spec } = record;
  const known = [...record.members, ...(spec?.clusters ?? [])];
  if (known.every(stay)) return undefined;
  const clusters = spec?.clusters.filter(stay);
  return {
    members: JSON.stringify(record.members.filter(stay)),
    spec: JSON.stringify(spec && { ...spec, clusters }),
  };
}

/** A rollback of a later run: the record says again what it said before, and nobody holds the federation. */
async function giveBack(scope: StepScope, record: FederationRecord): Promise<StepResult> {
  const changed = record.updatedBy === scope.run.firstRunId && record.previous !== '';
  if (changed) await assertNotTakenOver(scope);
  if (changed) await patchRecord(scope, JSON.parse(record.previous) as Record<string, string>);
  await release(scope);
  const note = 'the record existed before this run and is kept';
  return { outcome: changed ? 'updated' : 'kept', note, facts: {} };
}

/** Members that have a ledger; whoever comes again after a crash does not know whose there were. */
function ledgersKnown(record: FederationRecord | undefined, maps: readonly KubeObject[]): { ledgers?: string[] } {
  if (!record) return {};
  const prefix = names.ledgerOf('');
  const ledgers = maps.flatMap(({ metadata: { name } }) =>
    name.startsWith(prefix) ? [name.slice(prefix.length)] : [],
  );
  return { ledgers };
}

/** Undo of host/record: ledgers and Lease first, the record last, so that a crash in between is still known. */
export async function removeRecord(scope: StepScope, call: Pick<StepCall, 'waitMs' | 'parked'>): Promise<StepResult> {
  const namespace = scope.run.host.namespace;
  const record = await readRecord(scope.host, namespace);
  if (record && scope.run.rollback && record.createdBy !== scope.run.firstRunId) return giveBack(scope, record);
  await assertNotTakenOver(scope);
  const owed = Object.keys(record?.debts ?? {});
  const ours = `${labels.federation}=${scope.run.uuid}`;
  const maps = await scope.host.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: ours });
  const leases = await scope.host.list({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    namespace,
    labelSelector: ours,
  });
  const stays = new Set(owed.length > 0 ? [names.record, ...owed.map(names.ledgerOf)] : []);
  const last = (object: KubeObject): number => Number(object.metadata.name === names.record);
  for (const object of [...maps, ...leases].sort((a, b) => last(a) - last(b))) {
    const { apiVersion, kind, metadata } = object;
    if (isOurs(scope, object) && !stays.has(metadata.name))
      await removeAndWait(scope.host, call, { apiVersion, kind, name: metadata.name, namespace }, metadata.uid ?? '');
  }
  const facts = ledgersKnown(record, maps);
  if (owed.length === 0) return { outcome: 'removed', facts };
  await patchRecord(scope, { phase: 'debts' });
  return { outcome: 'kept', note: `the record is kept until ${owed.join(', ')} is cleaned up`, facts };
}

/** Steps about the record (docs/glossary.md). */
export const recordActivities = (deps: Deps) => ({
  ensureRecord: writing<'host/record'>(deps, ensureRecord),
  // Its Lease goes with it: a second attempt after a crash finds no owner, which is right.
  removeRecord: (call: UndoCallOf<'host/record'>) => inStep(deps, call, (scope) => removeRecord(scope, call)),
  markRecord: writing<'verify/record'>(deps, closeRecord),
});
