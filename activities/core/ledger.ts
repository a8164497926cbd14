import { codeOf } from '../../src/errors/step-error.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { StepScope } from './step.ts';

const ledgerName = 'fedctl-ledger';

/** One object fedctl made, changed or took over. */
export interface LedgerEntry {
  kind: string;
  /** '' for cluster-scoped objects. */
  namespace: string;
  name: string;
  /** `host`, a member's name, `federation` (its own API) or `dns`. */
  cluster: string;
  /** API version, for finding it again. */
  apiVersion?: string;
  /** '' while only the intent is known. */
  uid: string;
  step: string;
  firstRunId: string;
  origin: 'created' | 'changed' | 'adopted';
  /** uid of the one before, when that is gone and this is made in its place. */
  after?: string;
}

/**
 * ConfigMap keys allow `[-._a-zA-Z0-9]`; `:` of RBAC names and the like become `_`. Keys of several members never
 * meet: members have ledgers of their own.
 */
const keyOf = (entry: Pick<LedgerEntry, 'kind' | 'namespace' | 'name' | 'cluster'>): string =>
  [entry.cluster === 'host' || entry.cluster === 'federation' ? '' : 'member', entry.kind, entry.namespace, entry.name]
    .filter(Boolean)
    .join('.')
    .replaceAll(/[^-._a-zA-Z0-9]/g, '_');

const ledgerOf = (scope: StepScope): string =>
  scope.run.member ? `${ledgerName}-${scope.run.member.name}` : ledgerName;

const refOf = (
  scope: StepScope,
  name: string,
): { apiVersion: string; kind: string; name: string; namespace: string } => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  namespace: scope.run.host.namespace,
});

async function patchEntry(scope: StepScope, key: string, value: string | null): Promise<void> {
  const ref = refOf(scope, ledgerOf(scope));
  const labels = { 'app.kubernetes.io/managed-by': 'fedctl', 'fedctl/federation': scope.run.uuid };
  if (value !== null && !(await scope.host.read(ref))) {
    const { apiVersion, kind, ...names } = ref;
    await createIfAbsent(scope.host, { apiVersion, kind, metadata: { ...names, labels } });
  }
  // Merge-patched, never applied: an apply of one key would drop the others.
  await scope.host.mergePatch(ref, { data: { [key]: value } });
}

async function createIfAbsent(kube: Kube, object: KubeObject): Promise<void> {
  try {
    await kube.create(object);
  } catch (error) {
    if (codeOf(error) !== 'CONFLICT') throw error;
  }
}

const valueOf = (entry: LedgerEntry): string => JSON.stringify(entry);

/** Before the act: a crash leaves at least the intent. An entry that is there already is kept: its origin is the truth. */
export async function recordIntent(scope: StepScope, entry: LedgerEntry): Promise<void> {
  const have = await readEntry(scope, entry);
  if (!have) await patchEntry(scope, keyOf(entry), valueOf(entry));
}

/** After the act: the object's UID. */
export async function recordUid(scope: StepScope, entry: LedgerEntry, uid: string): Promise<void> {
  const have = await readEntry(scope, entry);
  if (have?.uid === uid) return;
  await patchEntry(scope, keyOf(entry), valueOf({ ...(have ?? entry), uid }));
}

/** The entry of one object; undefined when the ledger does not know it. */
export async function readEntry(
  scope: StepScope,
  of: Pick<LedgerEntry, 'kind' | 'namespace' | 'name' | 'cluster'>,
): Promise<LedgerEntry | undefined> {
  const ledger = await scope.host.read(refOf(scope, ledgerOf(scope)));
  const text = (ledger?.['data'] as Record<string, string> | undefined)?.[keyOf(of)];
  return text === undefined ? undefined : (JSON.parse(text) as LedgerEntry);
}

/** Takes an entry out, once its object is gone. */
export async function forget(scope: StepScope, entry: LedgerEntry): Promise<void> {
  if (await readEntry(scope, entry)) await patchEntry(scope, keyOf(entry), null);
}

/** All entries of this scope's ledger: of the host's own steps, or of its member's. */
export const ledgerEntries = async (scope: StepScope): Promise<LedgerEntry[]> =>
  entriesIn(await scope.host.read(refOf(scope, ledgerOf(scope))));

/** Entries of one step in this scope's ledger. */
export async function entriesOf(scope: StepScope, step: string): Promise<LedgerEntry[]> {
  return (await ledgerEntries(scope)).filter((entry) => entry.step === step);
}

/** Entries that an undo of this step takes away: a rollback leaves what an earlier run made. */
export const undoableEntries = async (scope: StepScope): Promise<LedgerEntry[]> =>
  (await entriesOf(scope, scope.step)).filter((entry) => isUndoable(scope, entry));

/** Whether an undo may take the object of this entry away. */
export const isUndoable = ({ run }: Pick<StepScope, 'run'>, { firstRunId }: LedgerEntry): boolean =>
  !run.rollback || firstRunId === run.firstRunId;

/** Every entry of a ledger ConfigMap. */
export function entriesIn(ledger: KubeObject | undefined): LedgerEntry[] {
  return Object.values((ledger?.['data'] as Record<string, string> | undefined) ?? {}).map(
    (text) => JSON.parse(text) as LedgerEntry,
  );
}

/** An entry for people. */
export const sayEntry = ({ cluster, kind, name, step }: LedgerEntry): string => `${cluster}: ${kind} ${name} (${step})`;

/** All entries of a federation: the host's ledger and those of its members. */
export async function allEntries(host: Kube, namespace: string): Promise<LedgerEntry[]> {
  const maps = await host.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: 'fedctl/federation' });
  return maps.filter((map) => map.metadata.name.startsWith(ledgerName)).flatMap(entriesIn);
}
