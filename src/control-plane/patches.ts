import { isMap, type Json } from '../spec/json.ts';
import type { KubeObject } from '../kubernetes/objects.ts';

/** Keys by which Kubernetes merges lists of objects (patchMergeKey in its API types); other lists are replaced whole. */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
  // Containers and Services call theirs alike.
  ports: ['containerPort', 'port'],
};

const without = (patch: Json, key: string): Json =>
  Object.fromEntries(Object.entries(patch).filter(([k]) => k !== key));

/** The directive `$patch: delete | replace` of a map, as kubectl knows it. */
const directive = '$patch';

function mergeList(base: unknown[], patch: unknown[], keys: readonly string[]): unknown[] {
  const key = keys.find((one) => patch.every((item) => isMap(item) && item[one] !== undefined));
  if (key === undefined) return patch.map(clean);
  let merged = [...base];
  for (const item of patch as Json[]) {
    const at = merged.findIndex((one) => isMap(one) && one[key] === item[key]);
    if (item[directive] === 'delete') merged = merged.filter((_, index) => index !== at);
    else if (at < 0) merged.push(clean(item));
    else merged[at] = mergeValue(merged[at], item, '');
  }
  return merged;
}

/** A patch's value that meets nothing to merge with: nulls and directives in it say nothing. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (!isMap(value)) return value;
  const entries = Object.entries(value).filter(([key, child]) => child !== null && key !== directive);
  return Object.fromEntries(entries.map(([key, child]) => [key, clean(child)]));
}

function mergeValue(base: unknown, patch: unknown, field: string): unknown {
  const keys = mergeKeys[field];
  if (Array.isArray(patch)) return Array.isArray(base) && keys ? mergeList(base, patch, keys) : clean(patch);
  if (!isMap(patch)) return patch;
  if (!isMap(base) || patch[directive] === 'replace') return clean(without(patch, directive));
  const merged: Json = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeValue(base[key], value, key);
  }
  return merged;
}

/** One patch of the spec: names its object by apiVersion, kind and metadata.name. */
export interface Patch {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  [field: string]: unknown;
}

const isFor = (patch: Patch, object: KubeObject): boolean =>
  patch.apiVersion === object.apiVersion && patch.kind === object.kind && patch.metadata.name === object.metadata.name;

/**
 * The spec's last word on a rendered object: strategic merge of every patch that names it, in the order of the file.
 * Maps merge, lists of objects merge by Kubernetes' own keys, null deletes. What the object is (kind, name, namespace)
 * no patch changes.
 */
export function patched(object: KubeObject, patches: readonly Patch[]): KubeObject {
  const mine = patches.filter((patch) => isFor(patch, object));
  const merged = mine.reduce<Json>((base, patch) => mergeValue(base, patch, '') as Json, object) as KubeObject;
  const { apiVersion, kind } = object;
  const { name, namespace } = object.metadata;
  return { ...merged, apiVersion, kind, metadata: { ...merged.metadata, name, ...(namespace ? { namespace } : {}) } };
}
