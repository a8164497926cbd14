import { labels, names } from '../src/plan/names.ts';
import { fieldChanges, type ObjectPreview } from '../src/plan/preview.ts';
import type { Kube, KubeObject, ListRef, ObjectRef } from './clients/kube-port.ts';
import { failure } from './fail.ts';
import { refOf } from './objects.ts';

/** In place of what only a real write could tell: another resourceVersion, a new UID, a token. */
export const toBeMade = '(new)';

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
}

/** How far a server is asked. */
export interface Pretence {
  /** Name of the cluster in the preview. */
  cluster: string;
  /** Whether the server knows dry runs; the federation API does not, and would write. Secrets are never sent. */
  dryRun: boolean;
  /** Objects that are read as if they stood. */
  seed?: readonly KubeObject[];
}

const keyOf = ({ apiVersion, kind, namespace = '', name }: ObjectRef): string =>
  [apiVersion, kind, namespace, name].join('|');

/** fedctl's own notes, which a person does not plan for. */
const bookkeeping = ({ kind, name }: Pick<ObjectRef, 'kind' | 'name'>): boolean =>
  (kind === 'ConfigMap' && (name.startsWith(names.ledger) || name === names.record)) ||
  (kind === 'Lease' && name === names.lease);

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
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
    ? { ...object, data: { token: Buffer.from(toBeMade).toString('base64') } }
    : object;

const isSame = (before: KubeObject, after: KubeObject): boolean => fieldChanges(before, after).length === 0;

/** Wraps one cluster. `real` undefined: there is no such server yet, so nothing stands in it. */
export function pretend(real: Kube | undefined, { cluster, dryRun, seed = [] }: Pretence): PretendedKube {
  const touched = new Map<string, Touched>(
    seed.map((object) => [keyOf(refOf(object)), { before: object, now: object, madeAgain: false }]),
  );

  const standing = async (ref: ObjectRef): Promise<KubeObject | undefined> => real?.read(ref);
  const current = async (ref: ObjectRef): Promise<KubeObject | undefined> => {
    const known = touched.get(keyOf(ref));
    if (known && !known.readOnly) return known.now;
    const found = await standing(ref);
    // What a step of ours looks at and leaves alone is kept.
    if (found?.metadata.labels?.[labels.federation] && !touched.has(keyOf(ref)))
      touched.set(keyOf(ref), { before: found, now: found, madeAgain: false, readOnly: true });
    return found;
  };
  const note = async (ref: ObjectRef, wanted: KubeObject): Promise<KubeObject> => {
    const known = touched.get(keyOf(ref));
    const before = known ? known.before : await standing(ref);
    const base = known?.now ?? before;
    const kept = base !== undefined && isSame(base, wanted);
    const now = kept ? base : stamped(wanted, base);
    const madeAgain = known?.madeAgain === true || (known !== undefined && known.now === undefined);
    touched.set(keyOf(ref), { before, now, madeAgain });
    return now;
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
    server: real?.server ?? cluster,
    read: (ref: ObjectRef) => current(ref),
    list: (ref: ListRef) => real?.list(ref) ?? Promise.resolve([]),
    create: async (object: KubeObject) => {
      const ref = refOf(object);
      if (await current(ref)) throw failure('CONFLICT', `${ref.kind} ${ref.name} is there already`);
      return note(ref, withToken(object));
    },
    apply: async (object: KubeObject, options: { force?: boolean } = {}) => {
      const ref = refOf(object);
      if (real && (await askable(ref))) return note(ref, await real.apply(object, { ...options, dryRun: true }));
      return note(ref, withToken(merged(await current(ref), object) as KubeObject));
    },
    mergePatch: async (ref: ObjectRef, patch: object) => {
      const { apiVersion, kind, name, namespace } = ref;
      const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
      return note(ref, merged((await current(ref)) ?? { apiVersion, kind, metadata }, patch) as KubeObject);
    },
    jsonPatch: async (ref: ObjectRef, patch: object[]) => {
      if (!real || !dryRun) throw failure('BUG', `${cluster} cannot be asked what a patch would do`);
      return note(ref, await real.jsonPatch(ref, patch, { dryRun: true }));
    },
    remove: async (ref: ObjectRef) => {
      const known = touched.get(keyOf(ref));
      const before = known ? known.before : await standing(ref);
      touched.set(keyOf(ref), { before, now: undefined, madeAgain: false });
    },
    get: (path: string) => real?.get(path) ?? Promise.resolve({ status: 404, body: '' }),
    can: (attributes: Parameters<Kube['can']>[0]) => real?.can(attributes) ?? Promise.resolve(true),
    objects: () => [...touched.values()].flatMap((one) => previewOf(cluster, one)),
  };
  // Reads answer what stands, of whatever type the caller knows it to be, exactly as the port itself does.
  return pretended as PretendedKube;
}

function previewOf(cluster: string, { before, now, madeAgain }: Touched): ObjectPreview[] {
  const object = now ?? before;
  if (!object || bookkeeping({ kind: object.kind, name: object.metadata.name })) return [];
  const fields = before && now ? fieldChanges(before, now) : [];
  const { kind, metadata } = object;
  const { action, note } = verdict({ before, now, madeAgain }, fields.length > 0);
  return [{ cluster, kind, namespace: metadata.namespace ?? '', name: metadata.name, action, fields, note }];
}

function verdict({ before, now, madeAgain }: Touched, differs: boolean): Pick<ObjectPreview, 'action' | 'note'> {
  if (!now) return { action: 'delete', note: null };
  if (!before) return { action: 'create', note: now.kind === 'Secret' ? 'would be made' : null };
  if (madeAgain) return { action: 'update', note: 'would be deleted and made again' };
  return { action: differs ? 'update' : 'keep', note: null };
}
