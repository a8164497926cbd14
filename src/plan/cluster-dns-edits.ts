import type { KubeObject } from '../../activities/clients/kube-port.ts';
import { dnsConfigMap, type DnsController } from './cluster-dns.ts';
import { type FlagPlace, flagPlace, withFlag } from './federations-flag.ts';
import { editToAdd, type FederationDomain, type Former, parseFormer, valueWithoutUs } from './federations-setting.ts';

/**
 * Annotation on the object we edited: what stood there before. The federation's name is a label of at most 63
 * characters, which is just what fits after the slash.
 */
export const formerAnnotation = (federation: string): string => `former.fedctl/${federation}`;

/** What an earlier edit left on the object; undefined: none of ours. */
export const formerOf = (object: KubeObject, federation: string): Former | undefined =>
  parseFormer(object.metadata.annotations?.[formerAnnotation(federation)]);

type JsonPatch = { op: 'add' | 'replace' | 'remove'; path: string; value?: unknown }[];

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
const guard = (object: KubeObject): JsonPatch => [
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

/** Merge patch (or, without a ConfigMap, the whole object to create) that adds the federation; undefined: it is there. */
export function configMapToAdd(
  configMap: KubeObject | undefined,
  namespace: string,
  entry: FederationDomain,
): { create: KubeObject } | { patch: object } | undefined {
  const known = configMap && formerOf(configMap, entry.federation);
  const edit = editToAdd(settingOf(configMap), known, entry);
  if (!edit) return undefined;
  const annotations = (former: Former) => ({ [formerAnnotation(entry.federation)]: JSON.stringify(former) });
  const data = { [dnsConfigMap.key]: edit.value };
  if (configMap) {
    return {
      patch: {
        metadata: { resourceVersion: configMap.metadata.resourceVersion, annotations: annotations(edit.former) },
        data,
      },
    };
  }
  const metadata = { name: dnsConfigMap.name, namespace, annotations: annotations({ ...edit.former, created: true }) };
  return { create: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } };
}

/** How to take the federation out of the ConfigMap; `remove` when we made it and nobody put anything else into it. */
export function configMapToRestore(
  configMap: KubeObject,
  federation: string,
): { remove: true } | { patch: object } | undefined {
  const known = formerOf(configMap, federation);
  if (!known) return undefined;
  const value = valueWithoutUs(settingOf(configMap), known, federation);
  const others = Object.keys({
    ...(configMap['data'] as object | undefined),
    ...(configMap['binaryData'] as object | undefined),
  });
  if (known.created && value === undefined && others.every((key) => key === dnsConfigMap.key)) return { remove: true };
  const { resourceVersion } = configMap.metadata;
  const annotations = { [formerAnnotation(federation)]: null };
  return { patch: { metadata: { resourceVersion, annotations }, data: { [dnsConfigMap.key]: value ?? null } } };
}
