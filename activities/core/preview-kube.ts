import { ApplicationFailure } from '@temporalio/common';
import { codeOf, stepErrorOf } from '../../src/errors/step-error.ts';
import { labels, names } from '../../src/kubernetes/names.ts';
import { nameOfPlace, type Place } from '../../src/kubernetes/place.ts';
import { fieldChanges, type ObjectPreview } from '../../src/plan/preview.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ListRef, ObjectRef } from '../../src/kubernetes/objects.ts';
import { failure } from '../kit/fail.ts';
import { base64 } from '../kit/secret-text.ts';
import { objectDigest, toBeMade } from './object-digest.ts';
import { refOf } from './objects.ts';

/** A cluster that only pretends to be written: what was written is read again, and nothing reaches the server. */
export interface PretendedKube extends Kube {
  /** Every object that was ensured, in the order of the first write. */
  objects(): ObjectPreview[];
}

/** One object that was ensured, or read and found ours. */
interface Touched {
  before: KubeObject | undefined;
  /** undefined: it would be removed. */
  now: KubeObject | undefined;
  madeAgain: boolean;
  /** Only read so far: the server itself can still say what a write would do. */
  readOnly?: boolean;
  /** Steps that ensured it. */
  steps: Set<string>;
  /** Digest of what is wanted; null where only the write itself can tell. */
  wanted: string | null;
  note?: string;
}

/** How far a server is asked. */
export interface Pretence {
  place: Place;
  /** Whether the server knows dry runs; the federation API does not, and would write. Secrets are never sent. */
  dryRun: boolean;
  /** Objects that are read as if they stood. */
  seed?: readonly KubeObject[];
  /** Which steps the writes belong to, and whether what they want is known for sure. */
  now: () => Writer;
  uuid: string;
}

/** On whose behalf a preview writes. */
export interface Writer {
  steps: readonly string[];
  sure: boolean;
  /** What there is to say beside the fields. */
  note?: string | undefined;
}

const keyOf = ({ apiVersion, kind, namespace = '', name }: ObjectRef): string =>
  [apiVersion, kind, namespace, name].join('|');

/** fedctl's own notes, which a person does not plan for. */
export const bookkeeping = ({ kind, name }: Pick<ObjectRef, 'kind' | 'name'>): boolean =>
  (kind === 'ConfigMap' && (name.startsWith(names.ledger) || name === names.record)) ||
  (kind === 'Lease' && name === names.lease);

/** RFC 7386. */
export function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

/** A token controller fills the Secrets of service accounts. */
const withToken = (object: KubeObject): KubeObject =>
  object['type'] === 'kubernetes.io/service-account-token' && object['data'] === undefined
    ? { ...object, data: { token: base64(toBeMade) } }
    : object;

const isMadeAgain = (known: Touched | undefined): boolean =>
  known?.madeAgain === true || (known !== undefined && known.now === undefined);

const isSame = (before: KubeObject, after: KubeObject): boolean => fieldChanges(before, after).length === 0;

/** Wraps one cluster. `real` undefined: there is no such server yet, so nothing stands in it. */
export function pretend(real: Kube | undefined, { place, dryRun, seed = [], ...by }: Pretence): PretendedKube {
  const mark = (known?: Touched): Pick<Touched, 'steps' | 'madeAgain' | 'wanted' | 'note'> => {
    const { steps, note = known?.note } = by.now();
    return {
      steps: new Set([...(known?.steps ?? []), ...steps]),
      madeAgain: false,
      wanted: null,
      ...(note === undefined ? {} : { note }),
    };
  };
  const unwritten = { steps: new Set<string>(), madeAgain: false, wanted: null };
  const touched = new Map<string, Touched>(
    seed.map((object) => [keyOf(refOf(object)), { ...unwritten, before: object, now: object }]),
  );

  const standing = async (ref: ObjectRef): Promise<KubeObject | undefined> => real?.read(ref);
  const current = async (ref: ObjectRef): Promise<KubeObject | undefined> => {
    const known = touched.get(keyOf(ref));
    if (known && !known.readOnly) return known.now;
    const found = await standing(ref);
    // What a step of ours looks at and leaves alone is kept.
    if (found?.metadata.labels?.[labels.federation] && !touched.has(keyOf(ref)))
      touched.set(keyOf(ref), { ...unwritten, before: found, now: found, readOnly: true });
    return found;
  };
  /** `sent`: what is written where nothing stands; a server that makes it adds what nobody can foresee. */
  const note = async (ref: ObjectRef, wanted: KubeObject, sent: KubeObject = wanted): Promise<KubeObject> => {
    const known = touched.get(keyOf(ref));
    const before = known ? known.before : await standing(ref);
    const base = known?.now ?? before;
    const kept = base !== undefined && isSame(base, wanted);
    const now = kept ? base : stamped(wanted, base);
    // Of what is written more than once only the last write can tell.
    const sure = by.now().sure && (!known || known.readOnly === true || kept);
    const digest = sure ? objectDigest(before ? wanted : sent, by.uuid) : null;
    touched.set(keyOf(ref), { ...mark(known), before, now, madeAgain: isMadeAgain(known), wanted: digest });
    return now;
  };
  /** Who else holds the fields, and what taking them would change. */
  const noteOwned = async (ref: ObjectRef, object: KubeObject, error: unknown): Promise<void> => {
    if (!(error instanceof ApplicationFailure) || codeOf(error) !== 'FIELD_OWNED' || !real) return;
    await note(ref, await real.apply(object, { force: true, dryRun: true }));
    const found = touched.get(keyOf(ref));
    if (found) found.note = `owned by ${stepErrorOf(error).data['manager'] ?? 'another field manager'}`;
  };
  const stamped = (object: KubeObject, base: KubeObject | undefined): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, uid: base?.metadata.uid ?? toBeMade, resourceVersion: toBeMade },
  });
  /** Whether the server can be asked about an object: one in a namespace still to be made is unknown to it. */
  const askable = async (ref: ObjectRef): Promise<boolean> => {
    if (!dryRun || !real || ref.kind === 'Secret' || bookkeeping(ref)) return false;
    const known = touched.get(keyOf(ref));
    if (known?.now && !known.readOnly) return false;
    if (ref.namespace === undefined) return true;
    const namespace = await standing({ apiVersion: 'v1', kind: 'Namespace', name: ref.namespace });
    return namespace !== undefined;
  };

  const pretended = {
    server: real?.server ?? nameOfPlace(place),
    read: (ref: ObjectRef) => current(ref),
    list: (ref: ListRef) => real?.list(ref) ?? Promise.resolve([]),
    create: async (object: KubeObject) => {
      const ref = refOf(object);
      if (await current(ref)) throw failure('CONFLICT', `${ref.kind} ${ref.name} already exists`);
      return note(ref, withToken(object), object);
    },
    apply: async (object: KubeObject, options: { force?: boolean } = {}) => {
      const ref = refOf(object);
      if (!real || !(await askable(ref)))
        return note(ref, withToken(merged(await current(ref), object) as KubeObject), object);
      try {
        return note(ref, await real.apply(object, { ...options, dryRun: true }), object);
      } catch (error) {
        await noteOwned(ref, object, error);
        throw error;
      }
    },
    mergePatch: async (ref: ObjectRef, patch: object) => {
      const { apiVersion, kind, name, namespace } = ref;
      const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
      return note(ref, merged((await current(ref)) ?? { apiVersion, kind, metadata }, patch) as KubeObject);
    },
    jsonPatch: async (ref: ObjectRef, patch: object[]) => {
      if (!real || !dryRun) throw failure('BUG', `${nameOfPlace(place)} cannot be asked what a patch would do`);
      return note(ref, await real.jsonPatch(ref, patch, { dryRun: true }));
    },
    remove: async (ref: ObjectRef) => {
      const known = touched.get(keyOf(ref));
      const before = known ? known.before : await standing(ref);
      touched.set(keyOf(ref), { ...mark(known), before, now: undefined });
    },
    get: (path: string) => real?.get(path) ?? Promise.resolve({ status: 404, body: '' }),
    exchange: () => Promise.reject(failure('BUG', 'a preview asks no pod')),
    can: (attributes: Parameters<Kube['can']>[0]) => real?.can(attributes) ?? Promise.resolve(true),
    objects: () => [...touched.values()].flatMap((one) => previewOf(place, by.uuid, one)),
  };
  // Reads answer what stands, of whatever type the caller knows it to be, exactly as the port itself does.
  return pretended as PretendedKube;
}

function previewOf(place: Place, uuid: string, touched: Touched): ObjectPreview[] {
  const { before, now, steps } = touched;
  const object = now ?? before;
  if (!object || bookkeeping({ kind: object.kind, name: object.metadata.name })) return [];
  const fields = before && now ? fieldChanges(before, now) : [];
  const { apiVersion, kind, metadata } = object;
  const { action, note } = verdict(touched, fields.length > 0);
  return [
    {
      steps: [...steps],
      ...{ cluster: nameOfPlace(place), apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name },
      ...{ action, fields, note },
      ...stoodAs(place, uuid, before),
      wanted: now ? touched.wanted : null,
      ...(touched.madeAgain && action === 'update' ? { again: true } : {}),
    },
  ];
}

function stoodAs(
  place: Place,
  uuid: string,
  before: KubeObject | undefined,
): Pick<ObjectPreview, 'uid' | 'resourceVersion' | 'standing'> {
  if (!before) return { uid: null, resourceVersion: null, standing: null };
  const { uid = null, resourceVersion = null } = before.metadata;
  // The federation API writes its Clusters at every probe: there the version says nothing.
  return {
    uid,
    resourceVersion: place.kind === 'federation' ? null : resourceVersion,
    standing: objectDigest(before, uuid),
  };
}

function verdict(
  { before, now, madeAgain, ...said }: Touched,
  differs: boolean,
): Pick<ObjectPreview, 'action' | 'note'> {
  const note = said.note ?? null;
  if (!now) return { action: 'delete', note };
  if (!before) return { action: 'create', note: now.kind === 'Secret' ? 'would be created' : note };
  if (madeAgain) return { action: 'update', note: 'would be deleted and recreated' };
  return { action: differs ? 'update' : 'keep', note };
}
