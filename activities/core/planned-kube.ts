import { labels } from '../../src/kubernetes/names.ts';
import type { PlannedObject } from '../../src/catalogue/planned.ts';
import { nameOfPlace, type Place } from '../../src/kubernetes/place.ts';
import { fieldChanges } from '../../src/plan/preview.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';
import { failure } from '../kit/fail.ts';
import { objectDigest } from './object-digest.ts';
import { refOf } from './objects.ts';
import { bookkeeping, merged } from './preview-kube.ts';

/** What one step of a run that follows a plan may write in one cluster. */
export interface Planned {
  place: Place;
  step: string;
  objects: readonly PlannedObject[];
  /** Of the federation. */
  uuid: string;
  federation: string;
  /** Whether the server knows dry runs. */
  dryRun: boolean;
}

/** A write that is about to be made. */
interface Write {
  ref: ObjectRef;
  /** What would stand after it, from what stands now; undefined: nothing. */
  result: (current: KubeObject | undefined) => Promise<KubeObject | undefined>;
  /** What is sent where nothing stands. */
  sent?: KubeObject;
}

const sameObject = (ref: ObjectRef, planned: PlannedObject): boolean =>
  planned.kind === ref.kind &&
  planned.apiVersion === ref.apiVersion &&
  planned.name === ref.name &&
  planned.namespace === (ref.namespace ?? '');

/**
 * A cluster in which only what was planned is written. Before each write the object is read again: it must be the one
 * of the plan (UID), as it stood then (resourceVersion, or the same content but for its status), and what is wanted
 * must be what was planned. A write that would change nothing passes, so that an attempt after a crash finds its own
 * work done. fedctl's own notes (record, ledgers, Lease) are in no plan. Throws PLAN_STALE.
 */
export function keepToPlan(real: Kube, planned: Planned): Kube {
  const check = async (write: Write): Promise<void> => {
    if (bookkeeping(write.ref)) return;
    const current = await real.read(write.ref);
    const problem = await staleness(write, current, planned);
    if (problem === undefined) return;
    const { kind, namespace, name } = write.ref;
    const what = `${nameOfPlace(planned.place)}: ${kind} ${namespace ? `${namespace}/` : ''}${name}`;
    throw failure('PLAN_STALE', `${what} ${problem}`, { object: `${kind}/${name}`, federation: planned.federation });
  };
  const asked = (ref: ObjectRef): boolean => planned.dryRun && ref.kind !== 'Secret';
  return {
    ...real,
    create: async (object) => {
      await check({ ref: refOf(object), result: async () => object, sent: object });
      return real.create(object);
    },
    apply: async (object, options = {}) => {
      const ref = refOf(object);
      const result = async (current: KubeObject | undefined): Promise<KubeObject> => {
        const dry = current && asked(ref) && !options.dryRun;
        return dry ? real.apply(object, { ...options, dryRun: true }) : (merged(current, object) as KubeObject);
      };
      if (!options.dryRun) await check({ ref, result, sent: object });
      return real.apply(object, options);
    },
    mergePatch: async (ref, patch) => {
      await check({ ref, result: async (current) => merged(current, patch) as KubeObject });
      return real.mergePatch(ref, patch);
    },
    jsonPatch: async (ref, patch, options = {}) => {
      if (!options.dryRun)
        await check({ ref, result: async () => real.jsonPatch<KubeObject>(ref, patch, { dryRun: true }) });
      return real.jsonPatch(ref, patch, options);
    },
    remove: async (ref, options) => {
      await check({ ref, result: async () => undefined });
      return real.remove(ref, options);
    },
  };
}

/** Why the write is not what was planned, or undefined. */
async function staleness(
  { ref, result, sent }: Write,
  current: KubeObject | undefined,
  { objects, uuid, step }: Planned,
): Promise<string | undefined> {
  const planned = objects.find((one) => sameObject(ref, one));
  if (!planned) return successor(current, objects) ? undefined : 'is not in the plan';
  if (!current) return missing(planned, sent, uuid);
  const after = await result(current);
  if (!after) return removal(planned, current);
  if (fieldChanges(current, after).length === 0) return undefined;
  // A later step goes on with what an earlier one wrote: it is the same object, as this run left it.
  if (planned.uid === current.metadata.uid && planned.steps.indexOf(step) > 0) return undefined;
  // Given back as it stood: when what was planned does not work out.
  if (planned.standing !== null && objectDigest(after, uuid) === planned.standing) return undefined;
  return moved(planned, current, uuid) ?? otherwise(planned, after, uuid);
}

/** A pod that a planned change brought forth, and that is taken back with it; or what a Deployment makes them by. */
const successor = (current: KubeObject | undefined, objects: readonly PlannedObject[]): boolean =>
  (current?.metadata.ownerReferences ?? []).some(({ uid }) =>
    objects.some((one) => (current?.kind === 'ReplicaSet' || one.action === 'update') && one.uid === uid),
  ) && ['Pod', 'ReplicaSet'].includes(current?.kind ?? '');

function missing(planned: PlannedObject, sent: KubeObject | undefined, uuid: string): string | undefined {
  // What is to be removed or patched, and is not there, is nobody's loss: the server says so itself.
  if (!sent) return undefined;
  if (planned.uid !== null && !planned.again) return 'existed when the plan was made, and is gone';
  return otherwise(planned, sent, uuid);
}

function removal(planned: PlannedObject, current: KubeObject): string | undefined {
  if (planned.action !== 'delete' && !planned.again) return 'is to be deleted, which was not planned';
  return planned.uid === current.metadata.uid ? undefined : 'is another one than when the plan was made';
}

const carries = (object: KubeObject, uuid: string): boolean => object.metadata.labels?.[labels.federation] === uuid;

function moved(planned: PlannedObject, current: KubeObject, uuid: string): string | undefined {
  const { uid, resourceVersion } = current.metadata;
  if (planned.uid === null) {
    // Made by this run, and written once more before it is done.
    if (carries(current, uuid) && planned.wanted === null) return undefined;
    return 'did not exist when the plan was made, and does now';
  }
  if (planned.uid !== uid) return 'is another one than when the plan was made';
  if (planned.resourceVersion === null && planned.standing === null) return undefined;
  if (planned.resourceVersion === resourceVersion) return undefined;
  if (planned.standing !== null && planned.standing === objectDigest(current, uuid)) return undefined;
  return `was changed since the plan was made (resourceVersion ${planned.resourceVersion ?? 'not kept'} then, ${resourceVersion} now)`;
}

const otherwise = ({ wanted }: PlannedObject, after: KubeObject, uuid: string): string | undefined =>
  wanted === null || wanted === objectDigest(after, uuid) ? undefined : 'is wanted differently than planned';
