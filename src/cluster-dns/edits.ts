import type { KubeObject } from '../kubernetes/objects.ts';
import { dnsConfigMap, type DnsController } from './shapes.ts';
import { type FlagPlace, flagPlace, withFlag } from './federations-flag.ts';
import { type StubDomain, stubAnnotation, stubKey, stubToRestore, stubToWrite } from './stub-domains.ts';
import { editToAdd, type FederationDomain, type Former, parseFormer, valueWithoutUs } from './federations-setting.ts';

/**
 * Annotation on the object we edited: what stood there before. The federation's name is a label of at most 63
 * characters, which is just what fits after the slash.
 */
export const formerAnnotation = (federation: string): string => `former.fedctl/${federation}`;

/** What an earlier edit left on the object; undefined: none of ours. */
export const formerOf = (object: KubeObject, federation: string): Former | undefined =>
  parseFormer(object.metadata.annotations?.[formerAnnotation(federation)]);

/** RFC 6902. */
export type JsonPatch = { op: 'add' | 'replace' | 'remove'; path: string; value?: unknown }[];

/** JSON patch that adds the federation to the container's flag; undefined: it is there. */
export function patchToAddFlag(
  controller: DnsController,
  place: FlagPlace,
  entry: FederationDomain,
): JsonPatch | undefined {
  const edit = editToAdd(place.value, formerOf(controller.object, entry.federation), entry);
  if (!edit) return undefined;
  const annotations = {
    ...controller.object.metadata.annotations,
    [formerAnnotation(entry.federation)]: JSON.stringify(edit.former),
  };
  return [
    ...guard(controller.object),
    setItems(controller, place, edit.value),
    { op: 'add', path: '/metadata/annotations', value: annotations },
  ];
}

/** JSON patch that takes the federation out again, to the exact former flag where nobody changed it since; undefined: nothing of ours is there. */
export function patchToRestoreFlag(controller: DnsController, federation: string): JsonPatch | undefined {
  const { object, container } = controller;
  const known = formerOf(object, federation);
  if (!known) return undefined;
  const place = flagPlace(container);
  const value = valueWithoutUs(place.value, known, federation);
  const { [formerAnnotation(federation)]: _ours, ...annotations } = object.metadata.annotations ?? {};
  const items = value === place.value ? [] : [setItems(controller, place, value)];
  return [...guard(object), ...items, { op: 'add', path: '/metadata/annotations', value: annotations }];
}

/** The object as read is the one that is patched: another writer in between makes the server answer 409. */
export const guard = (object: KubeObject): JsonPatch => [
  { op: 'replace', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
];

function setItems(
  { container, containerAt }: DnsController,
  place: FlagPlace,
  value: string | undefined,
): JsonPatch[number] {
  const path = `/spec/template/spec/containers/${containerAt}/${place.field}`;
  const items = withFlag(container, place, value);
  // An empty list was no list before us: the flag was all there was.
  return items.length === 0 ? { op: 'remove', path } : { op: 'add', path, value: items };
}

const settingOf = (configMap: KubeObject | undefined): string | undefined =>
  (configMap?.['data'] as Record<string, string> | undefined)?.[dnsConfigMap.key];

/** A federation as a ConfigMap has it, and the stub domain beside it where that is asked for. */
export interface ConfigMapEntry extends FederationDomain {
  stub?: StubDomain | undefined;
}

/** Merge patch (or, without a ConfigMap, the whole object to create) that adds the federation; undefined: it is there. */
export function configMapToAdd(
  configMap: KubeObject | undefined,
  namespace: string,
  { stub, ...entry }: ConfigMapEntry,
): { create: KubeObject } | { patch: object } | undefined {
  const { federation } = entry;
  const known = configMap && formerOf(configMap, federation);
  const edit = editToAdd(settingOf(configMap), known, entry);
  const stubEdit = stubToWrite(configMap, federation, stub);
  if (!edit && !stubEdit) return undefined;
  const former = edit && { ...edit.former, ...(configMap ? {} : { created: true as const }) };
  const annotations = {
    ...(former ? { [formerAnnotation(federation)]: JSON.stringify(former) } : {}),
    ...(stubEdit ? { [stubAnnotation(federation)]: stubEdit.mark } : {}),
  };
  const data = {
    ...(edit ? { [dnsConfigMap.key]: edit.value } : {}),
    ...(stubEdit ? { [stubKey]: stubEdit.value } : {}),
  };
  if (configMap) {
    const { resourceVersion } = configMap.metadata;
    return { patch: { metadata: { resourceVersion, annotations }, data } };
  }
  const metadata = { name: dnsConfigMap.name, namespace, annotations: annotations as Record<string, string> };
  return { create: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } };
}

/** Whether nothing would be left in the ConfigMap once these keys are written (null: taken away). */
function isEmptyWith(configMap: KubeObject, written: Readonly<Record<string, string | null>>): boolean {
  const binary = configMap['binaryData'] as Record<string, string> | undefined;
  const left = { ...(configMap['data'] as Record<string, string> | undefined), ...binary, ...written };
  return Object.values(left).every((text) => text === null);
}

/** How to take the federation out of the ConfigMap; `remove` when we made it and nobody put anything else into it. */
export function configMapToRestore(
  configMap: KubeObject,
  federation: string,
): { remove: true } | { patch: object } | undefined {
  const known = formerOf(configMap, federation);
  const stub = stubToRestore(configMap, federation);
  if (!known && !stub) return undefined;
  const setting = settingOf(configMap);
  const value = known ? valueWithoutUs(setting, known, federation) : setting;
  const data = {
    ...(known && { [dnsConfigMap.key]: value ?? null }),
    ...(stub && { [stubKey]: stub.value }),
  };
  if (known?.created && isEmptyWith(configMap, data)) return { remove: true };
  const { resourceVersion } = configMap.metadata;
  const annotations = {
    ...(known && { [formerAnnotation(federation)]: null }),
    ...(stub && { [stubAnnotation(federation)]: null }),
  };
  return { patch: { metadata: { resourceVersion, annotations }, data } };
}
