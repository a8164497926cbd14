import type { RunContext } from '../../src/catalogue/call.ts';
import { codeOf } from '../../src/errors/step-error.ts';
import { labelsFor, names } from '../../src/kubernetes/names.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { StepScope } from './step.ts';

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
 * Key of an entry in its ConfigMap: kind, namespace and name. Keys allow `[-._a-zA-Z0-9]`, so the `:` of RBAC names and
 * the like become `_`. `member.` goes before what is neither in the host nor in the federation API: a member's ledger
 * also names objects that the host has for it, and both clusters may have one of the same kind, namespace and name.
 */
const keyOf = (entry: EntryName): string =>
  [entry.cluster === 'host' || entry.cluster === 'federation' ? '' : 'member', entry.kind, entry.namespace, entry.name]
    .filter(Boolean)
    .join('.')
    .replaceAll(/[^-._a-zA-Z0-9]/g, '_');

/** What tells one entry of a ledger from the others. */
type EntryName = Pick<LedgerEntry, 'kind' | 'namespace' | 'name' | 'cluster'>;

/** A ledger ConfigMap as one step knows it: read at the first question, and then told of the step's own writes. */
export interface Ledger {
  /** The entries by their keys. */
  entries(): Promise<ReadonlyMap<string, LedgerEntry>>;
  /** Writes entries, and takes out those that are null, all in one request; nothing for none. */
  write(changes: ReadonlyMap<string, LedgerEntry | null>): Promise<void>;
}

/**
 * The ledger of a run's own steps, or of its member's. Steps that run at the same time write other keys, so what was
 * read of a step's own objects stays true.
 */
export function openLedger(host: Kube, { member, host: { namespace }, uuid }: RunContext): Ledger {
  const name = member ? names.ledgerOf(member.name) : names.ledger;
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name, namespace };
  let known: Promise<Known> | undefined;
  const look = (): Promise<Known> =>
    (known ??= host.read(ref).then(knownOf, (error: unknown) => {
      known = undefined;
      throw error;
    }));
  const create = async (data: Written): Promise<unknown> => {
    const made = Object.entries(data).filter(([, text]) => text !== null);
    if (made.length === 0) return undefined;
    const metadata = { name, namespace, labels: labelsFor(uuid) };
    return host.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(made) });
  };
  // Merge-patched, never applied: an apply of one key would drop the others.
  const patch = (data: Written): Promise<unknown> => host.mergePatch(ref, { data });
  return {
    entries: async () => (await look()).entries,
    write: async (changes) => {
      if (changes.size === 0) return;
      const now = await look();
      const data = Object.fromEntries([...changes].map(([key, entry]) => [key, entry && JSON.stringify(entry)]));
      // Another step may make the ledger at the same time; it may go with the record.
      if (now.there) await unless('NOT_FOUND', patch(data), () => create(data));
      else await unless('CONFLICT', create(data), () => patch(data));
      now.there = true;
      for (const [key, entry] of changes) {
        if (entry) now.entries.set(key, entry);
        else now.entries.delete(key);
      }
    },
  };
}

/** What a step knows of a ledger; `there`: whether it has been made. */
interface Known {
  there: boolean;
  entries: Map<string, LedgerEntry>;
}
/** New values by their keys; null takes one out. */
type Written = Record<string, string | null>;

const knownOf = (ledger: KubeObject | undefined): Known => ({
  there: ledger !== undefined,
  entries: new Map(Object.entries(dataOf(ledger)).map(([key, text]) => [key, entryIn(text)])),
});

/** Does something else where an act fails with this code. */
async function unless(code: string, act: Promise<unknown>, otherwise: () => Promise<unknown>): Promise<void> {
  try {
    await act;
  } catch (error) {
    if (codeOf(error) !== code) throw error;
    await otherwise();
  }
}

const dataOf = (ledger: KubeObject | undefined): Record<string, string> =>
  (ledger?.['data'] as Record<string, string> | undefined) ?? {};

const entryIn = (text: string): LedgerEntry => JSON.parse(text) as LedgerEntry;

/**
 * Before the act, for all objects of the step at once: a crash leaves at least the intents. An entry that is there
 * already is kept: its origin is the truth.
 */
export async function recordIntents(scope: StepScope, entries: readonly LedgerEntry[]): Promise<void> {
  const known = await scope.ledger.entries();
  await scope.ledger.write(
    new Map(entries.map((entry) => [keyOf(entry), entry] as const).filter(([key]) => !known.has(key))),
  );
}

/** The intent of one object; see recordIntents. */
export const recordIntent = (scope: StepScope, entry: LedgerEntry): Promise<void> => recordIntents(scope, [entry]);

/** After the act: entries with the UIDs of their objects. What an entry that is there says otherwise stays. */
export async function recordUids(scope: StepScope, entries: readonly LedgerEntry[]): Promise<void> {
  const known = await scope.ledger.entries();
  const changed = entries.filter((entry) => known.get(keyOf(entry))?.uid !== entry.uid);
  await scope.ledger.write(
    new Map(changed.map((entry) => [keyOf(entry), { ...(known.get(keyOf(entry)) ?? entry), uid: entry.uid }] as const)),
  );
}

/** The UID of one object; see recordUids. */
export const recordUid = (scope: StepScope, entry: LedgerEntry, uid: string): Promise<void> =>
  recordUids(scope, [{ ...entry, uid }]);

/** The entry of one object; undefined when the ledger does not know it. */
export const readEntry = async (scope: StepScope, of: EntryName): Promise<LedgerEntry | undefined> =>
  (await scope.ledger.entries()).get(keyOf(of));

/** Takes entries out, once their objects are gone. */
export async function forget(scope: StepScope, ...entries: readonly LedgerEntry[]): Promise<void> {
  const known = await scope.ledger.entries();
  const there = entries.map(keyOf).filter((key) => known.has(key));
  await scope.ledger.write(new Map(there.map((key) => [key, null] as const)));
}

/** All entries of this scope's ledger: of the host's own steps, or of its member's. */
export const ledgerEntries = async (scope: StepScope): Promise<LedgerEntry[]> => [
  ...(await scope.ledger.entries()).values(),
];

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
export const entriesIn = (ledger: KubeObject | undefined): LedgerEntry[] => Object.values(dataOf(ledger)).map(entryIn);

/** An entry for people. */
export const sayEntry = ({ cluster, kind, name, step }: LedgerEntry): string => `${cluster}: ${kind} ${name} (${step})`;

/** All entries of a federation: the host's ledger and those of its members. */
export async function allEntries(host: Kube, namespace: string): Promise<LedgerEntry[]> {
  const maps = await host.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: 'fedctl/federation' });
  return maps.filter((map) => map.metadata.name.startsWith(names.ledger)).flatMap(entriesIn);
}
