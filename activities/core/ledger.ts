import type { RunContext } from '../../src/catalogue/call.ts';
import { codeOf } from '../../src/errors/step-error.ts';
import { placeOf } from '../../src/graph/places.ts';
import { labels, labelsFor, names } from '../../src/kubernetes/names.ts';
import { memberPlace, nameOfPlace, type Place } from '../../src/kubernetes/place.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { StepScope } from './step.ts';

/** One object fedctl made, changed or took over. */
export interface LedgerEntry {
  kind: string;
  /** '' for cluster-scoped objects. */
  namespace: string;
  name: string;
  place: Place;
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
export const keyOf = (entry: EntryName): string =>
  [unmarked.has(entry.place.kind) ? '' : 'member', entry.kind, entry.namespace, entry.name]
    .filter(Boolean)
    .join('.')
    .replaceAll(/[^-._a-zA-Z0-9]/g, '_');

const unmarked: ReadonlySet<Place['kind']> = new Set(['host', 'federation']);

/** What tells one entry of a ledger from the others. */
type EntryName = Pick<LedgerEntry, 'kind' | 'namespace' | 'name' | 'place'>;

/** A ledger ConfigMap as one step knows it: read at the first question, and then told of the step's own writes. */
export interface Ledger {
  /** The entries by their keys. */
  entries(): Promise<ReadonlyMap<string, LedgerEntry>>;
  /** The next question reads it again. */
  readAgain(): void;
  /** Writes entries, and takes out those that are null, all in one request; nothing for none. */
  write(changes: ReadonlyMap<string, LedgerEntry | null>): Promise<void>;
}

/**
 * The ledger of a run's own steps, or of its member's. Steps that run at the same time write other keys, so what was
 * read of a step's own objects stays true, but for what another attempt of the same step writes.
 */
export function openLedger(host: Kube, { member, host: { namespace }, uuid }: RunContext): Ledger {
  const name = member ? names.ledgerOf(member.name) : names.ledger;
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name, namespace };
  let known: Promise<Known> | undefined;
  const look = (): Promise<Known> =>
    (known ??= host.read(ref).then(
      (ledger) => knownOf(ledger, member?.name),
      (error: unknown) => {
        known = undefined;
        throw error;
      },
    ));
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
    readAgain: () => {
      known = undefined;
    },
    write: async (changes) => {
      if (changes.size === 0) return;
      const now = await look();
      const data = Object.fromEntries(
        [...changes].map(([key, entry]) => [now.older.get(key) ?? key, entry && textOf(entry)]),
      );
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
  /** Keys under which an earlier version noted what has another key today: of members called by a word for a place. */
  older: ReadonlyMap<string, string>;
}
/** New values by their keys; null takes one out. */
type Written = Record<string, string | null>;

function knownOf(ledger: KubeObject | undefined, member: string | undefined): Known {
  const read = Object.entries(dataOf(ledger)).map(([key, text]) => ({ key, entry: entryIn(text, member) }));
  const older = read.filter(({ key, entry }) => key !== keyOf(entry));
  return {
    there: ledger !== undefined,
    entries: new Map(read.map(({ entry }) => [keyOf(entry), entry])),
    older: new Map(older.map(({ key, entry }) => [keyOf(entry), key])),
  };
}

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

/** An entry as the ConfigMap has it; `place` is not in those of earlier versions. */
type StoredEntry = Omit<LedgerEntry, 'place'> & { cluster: string; place?: Place['kind'] };

/** An entry from its text; `member`: whose ledger it stands in, undefined for the host's. */
export function entryIn(text: string, member: string | undefined): LedgerEntry {
  const { cluster, place: kind, ...rest } = JSON.parse(text) as StoredEntry;
  if (kind === undefined) return { ...rest, place: placeOf(cluster, rest.step, member) };
  return { ...rest, place: kind === 'member' ? memberPlace(cluster) : { kind } };
}

/** An entry as it is stored: for people, and for earlier versions, with the one word of its place as `cluster`. */
export function textOf({ place, ...rest }: LedgerEntry): string {
  const stored: StoredEntry = { ...rest, cluster: nameOfPlace(place), place: place.kind };
  return JSON.stringify(stored);
}

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
export function entriesIn(ledger: KubeObject | undefined): LedgerEntry[] {
  const prefix = names.ledgerOf('');
  const name = ledger?.metadata.name ?? '';
  const member = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
  return Object.values(dataOf(ledger)).map((text) => entryIn(text, member));
}

/** An entry for people. */
export const sayEntry = ({ place, kind, name, step }: LedgerEntry): string =>
  `${nameOfPlace(place)}: ${kind} ${name} (${step})`;

/** All entries of a federation: the host's ledger and those of its members. */
export async function allEntries(host: Kube, namespace: string): Promise<LedgerEntry[]> {
  const maps = await host.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: labels.federation });
  return maps.filter((map) => map.metadata.name.startsWith(names.ledger)).flatMap(entriesIn);
}
