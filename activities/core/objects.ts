import { isDeepStrictEqual } from 'node:util';
import { codeOf } from '../../src/errors/step-error.ts';
import { labels, labelsFor } from '../../src/kubernetes/names.ts';
import type { StepCall, StepResult } from '../../src/catalogue/call.ts';
import type { Taken } from '../../src/catalogue/side-inputs.ts';
import { hostPlace, memberPlace, nameOfPlace, type Place } from '../../src/kubernetes/place.ts';
import { deletionHeld } from '../../src/kubernetes/readiness.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';
import { failure } from '../kit/fail.ts';
import { forget, keyOf, type LedgerEntry, readEntry, recordIntents, recordUids, undoableEntries } from './ledger.ts';
import { contentOf, giveAway, someOf } from './namespace-content.ts';
import type { StepScope } from './step.ts';
import { type ProbeResult, waitUntil } from '../kit/wait.ts';

/** Which cluster an object is in: the host, or the member of this step. */
export type Where = 'host' | 'member';

/** What became of one object. */
export interface Ensured {
  outcome: 'created' | 'updated' | 'kept';
  object: KubeObject;
}

const kubeOf = async (scope: StepScope, where: Where): Promise<Kube> =>
  where === 'host' ? scope.host : scope.member();

/** The place of what this step has in the host, or in its member. */
export const placeFor = ({ run }: StepScope, where: Where): Place =>
  where === 'host' ? hostPlace : memberPlace(run.member?.name ?? '');

/** Names an object. */
export const refOf = (object: KubeObject): ObjectRef => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  name: object.metadata.name,
  namespace: object.metadata.namespace,
});

/** Whether the object carries this federation's uuid. */
export const isOurs = (scope: StepScope, object: KubeObject): boolean =>
  object.metadata.labels?.[labels.federation] === scope.run.uuid;

/** The ledger entry an object would have. */
export function entryFor(scope: StepScope, place: Place, ref: ObjectRef, origin: LedgerEntry['origin']): LedgerEntry {
  return {
    kind: ref.kind,
    apiVersion: ref.apiVersion,
    namespace: ref.namespace ?? '',
    name: ref.name,
    place,
    uid: '',
    step: scope.step,
    firstRunId: scope.run.firstRunId,
    origin,
  };
}

/** Reads an object that must be ours or absent. Throws FOREIGN when somebody else's is there (unless --adopt). */
export async function readOurs(scope: StepScope, where: Where, ref: ObjectRef): Promise<KubeObject | undefined> {
  const found = await (await kubeOf(scope, where)).read(ref);
  if (found && !isOurs(scope, found) && !scope.run.adopt) throw foreign(scope, where, ref);
  return found;
}

function foreign(scope: StepScope, where: Where, ref: ObjectRef): Error {
  const place = `${ref.namespace ? `namespace ${ref.namespace} of ` : ''}cluster ${nameOfPlace(placeFor(scope, where))}`;
  return failure(
    'FOREIGN',
    `${ref.kind} ${ref.name} in ${place} already exists and does not belong to this federation`,
    {
      object: `${ref.kind}/${ref.name}`,
    },
  );
}

/** How an object is ensured. */
interface EnsureOptions {
  /** What stands is kept as it is, whatever is in it: keys are made once. */
  secretOnce?: boolean;
}

/**
 * Brings objects to what is wanted, by server-side apply: read all, note all intents, apply one after the other, note
 * all UIDs. A second call writes nothing. Throws FOREIGN before anything is made, FIELD_OWNED, and what the API answers.
 */
export async function ensureObjects(
  scope: StepScope,
  where: Where,
  objects: readonly KubeObject[],
  options: EnsureOptions = {},
): Promise<Ensured[]> {
  const kube = await kubeOf(scope, where);
  const all: Wanted[] = [];
  for (const object of objects) all.push(wantedOf(scope, where, object, await readOurs(scope, where, refOf(object))));
  await recordAllIntents(scope, all);
  const made: LedgerEntry[] = [];
  const ensured: Ensured[] = [];
  try {
    for (const { object, before, entry } of all) {
      const after = await (options.secretOnce
        ? standing(kube, object, before, entry.origin === 'adopted')
        : kube.apply(object, scope.run.takeOwnership || entry.origin === 'adopted' ? { force: true } : {}));
      if (!isOurs(scope, after)) throw foreign(scope, where, refOf(object));
      made.push({ ...entry, uid: after.metadata.uid ?? '' });
      ensured.push({ outcome: change(before, after), object: after });
    }
  } catch (error) {
    // Also of those that were made before one failed, which is what there is to say: without UIDs the intents stand.
    await recordUids(scope, made).catch(() => undefined);
    throw error;
  }
  await recordUids(scope, made);
  return ensured;
}

/** Call with objects that were read just before: another attempt notes its intent before it labels what it adopts. */
async function recordAllIntents(scope: StepScope, all: readonly Wanted[]): Promise<void> {
  const known = await scope.ledger.entries();
  const unknown = all.some(({ before, entry }) => before && entry.origin === 'created' && !known.has(keyOf(entry)));
  // Ours, and not in the ledger: it was read before that attempt wrote, and would be overwritten.
  if (unknown) scope.ledger.readAgain();
  await recordIntents(
    scope,
    all.map(({ entry }) => entry),
  );
}

/** Brings one object to what is wanted; see ensureObjects. */
export async function ensureObject(
  scope: StepScope,
  where: Where,
  object: KubeObject,
  options: EnsureOptions = {},
): Promise<Ensured> {
  const [ensured] = await ensureObjects(scope, where, [object], options);
  return ensured!;
}

/** One object on its way. */
interface Wanted {
  /** With our labels. */
  object: KubeObject;
  before: KubeObject | undefined;
  /** What the ledger is to say of it, if it says nothing yet. */
  entry: LedgerEntry;
}

function wantedOf(scope: StepScope, where: Where, object: KubeObject, before: KubeObject | undefined): Wanted {
  const adopted = before !== undefined && !isOurs(scope, before);
  const entry = entryFor(scope, placeFor(scope, where), refOf(object), adopted ? 'adopted' : 'created');
  const metadata = { ...object.metadata, labels: { ...object.metadata.labels, ...labelsFor(scope.run.uuid) } };
  return { object: { ...object, metadata }, before, entry };
}

/** What an object says, without the marks of its writes. */
function content({ metadata, ...rest }: KubeObject): object {
  const { resourceVersion: _version, managedFields: _fields, ...said } = metadata;
  return { metadata: said, ...rest };
}

/** By content too: the API server stores a fresh claim once more, unchanged, when it is applied the second time. */
function change(before: KubeObject | undefined, after: KubeObject): Ensured['outcome'] {
  if (!before) return 'created';
  const same = before.metadata.resourceVersion === after.metadata.resourceVersion;
  return same || isDeepStrictEqual(content(before), content(after)) ? 'kept' : 'updated';
}

/** What stands, or a new one. Created and never applied: of two attempts at once the first one's keys stand. */
async function standing(
  kube: Kube,
  wanted: KubeObject,
  before: KubeObject | undefined,
  adopted: boolean,
): Promise<KubeObject> {
  if (adopted) return kube.mergePatch(refOf(wanted), { metadata: { labels: wanted.metadata.labels } });
  if (before) return before;
  try {
    return await kube.create(wanted);
  } catch (error) {
    const found = codeOf(error) === 'CONFLICT' ? await kube.read(refOf(wanted)) : undefined;
    if (!found) throw error;
    return found;
  }
}

/** The outcome of a step that ensured several objects. */
export function outcomeOf(all: readonly Ensured[]): Ensured['outcome'] {
  if (all.some(({ outcome }) => outcome === 'created')) return 'created';
  return all.some(({ outcome }) => outcome === 'updated') ? 'updated' : 'kept';
}

/** What the undo of any step is called with. */
export type UndoCall = StepCall<Taken<'undo'>>;

/** Undo of most steps: takes away what the ledger says this step made, the latest first, and waits until it is gone. */
export async function removeStepObjects(scope: StepScope, call: UndoCall): Promise<StepResult> {
  const { undo } = call.input;
  const isLast = ({ kind }: LedgerEntry): number => Number(kind === 'Namespace');
  const entries = (await undoableEntries(scope)).reverse().sort((a, b) => isLast(a) - isLast(b));
  const notes: string[] = [];
  for (const entry of entries) {
    const { kind: at } = entry.place;
    if (at !== 'host' && at !== 'member') continue;
    const kept = entry.kind === 'PersistentVolumeClaim' && undo.volumes === 'keep';
    const note = kept ? `volume claim ${entry.name} is kept, as asked` : await removeEntry(scope, call, entry, at);
    if (note) notes.push(note);
  }
  return { outcome: 'removed', ...(notes.length > 0 ? { note: notes.join('; ') } : {}), facts: {} };
}

/** Returns a note when the object stays. */
async function removeEntry(
  scope: StepScope,
  call: StepCall<unknown>,
  entry: LedgerEntry,
  where: Where,
): Promise<string> {
  const kube = await kubeOf(scope, where);
  const ref = {
    apiVersion: entry.apiVersion ?? 'v1',
    kind: entry.kind,
    name: entry.name,
    namespace: entry.namespace || undefined,
  };
  const found = await kube.read(ref);
  // Only what carries the uuid is deleted, and only the very object that was just read.
  const mine = found && isOurs(scope, found) ? found : undefined;
  const note = mine?.kind === 'Namespace' ? await keptForOthers(scope, kube, mine) : '';
  if (mine && !note) {
    if (entry.origin === 'adopted') await unlabel(kube, ref);
    else await removeAndWait(kube, call, ref, mine.metadata.uid ?? '');
  }
  await forget(scope, entry);
  return note;
}

/** A namespace of a member that people use by now stays, and is theirs from then on: '' when it can go. */
async function keptForOthers(scope: StepScope, kube: Kube, namespace: KubeObject): Promise<string> {
  const { name } = namespace.metadata;
  const { others } = await contentOf(kube, name, scope);
  if (others.length === 0) return '';
  await giveAway(kube, refOf(namespace));
  return `namespace ${name} of ${scope.run.member?.name ?? 'the host'} is kept: it holds ${someOf(others)}`;
}

/** Adopted objects only lose our labels. */
async function unlabel(kube: Kube, ref: ObjectRef): Promise<void> {
  await kube.mergePatch(ref, { metadata: { labels: { [labels.federation]: null, [labels.managedBy]: null } } });
}

/** ms that one object may take to go, at least; and at a step that is parked, which is looked at again and again. */
const goneInMs = 45_000;
const goneInParkedMs = 10_000;

/** Deletes the object with this UID and waits until it is gone (another of its name may come). */
export async function removeAndWait(
  kube: Kube,
  call: Pick<StepCall, 'waitMs' | 'parked'>,
  ref: ObjectRef,
  uid: string,
): Promise<void> {
  await kube.remove(ref, { uid });
  const waitMs = call.parked ? goneInParkedMs : Math.max(call.waitMs, goneInMs);
  const look = async (): Promise<ProbeResult<true>> => {
    const found = await kube.read(ref);
    if (!found || found.metadata.uid !== uid) return { value: true };
    return { why: `${ref.kind} ${ref.name} is being deleted${deletionHeld(found)}` };
  };
  // From now: an undo removes one object after the other, and each has its own time.
  await waitUntil({ waitMs }, 'STILL_THERE', look, { from: Date.now() });
}

export { readEntry };
