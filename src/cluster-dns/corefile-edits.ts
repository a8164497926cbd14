import type { KubeObject } from '../kubernetes/objects.ts';
import type { CorefilePlace } from './shapes.ts';
import { formerAnnotation, formerOf } from './edits.ts';
import {
  type CorefileEntry,
  corefileProblem,
  withFederationInCorefile,
  withoutFederationInCorefile,
} from './corefile.ts';
import type { Former } from './federations-setting.ts';

const textOf = (configMap: KubeObject, key: string): string =>
  (configMap['data'] as Record<string, string> | undefined)?.[key] ?? '';

/** Merge patch of the ConfigMap; its resourceVersion makes the server answer 409 when somebody wrote in between. */
const patchOf = (
  configMap: KubeObject,
  key: string,
  text: string,
  annotations: Record<string, string | null>,
): object => ({
  metadata: { resourceVersion: configMap.metadata.resourceVersion, annotations },
  data: { [key]: text },
});

/** How to tell a CoreDNS; undefined: it is told. `problem`: why its Corefile cannot be edited safely. */
export function corefileToAdd(
  configMap: KubeObject,
  { key }: CorefilePlace,
  entry: CorefileEntry,
): { patch: object } | { problem: string } | undefined {
  const text = textOf(configMap, key);
  const problem = corefileProblem(text);
  if (problem) return { problem };
  const applied = withFederationInCorefile(text, entry);
  if (applied === text) return undefined;
  const known = formerOf(configMap, entry.federation);
  // Of an earlier edit of ours the text before it is remembered, less what others wrote since.
  const before = known?.applied === text ? known.former : withoutFederationInCorefile(text, entry.federation);
  const former: Former = { former: before, applied };
  return { patch: patchOf(configMap, key, applied, { [formerAnnotation(entry.federation)]: JSON.stringify(former) }) };
}

/** How to take the federation out: the exact former Corefile, or only our part where somebody changed it since. */
export function corefileToRestore(
  configMap: KubeObject,
  key: string,
  federation: string,
): { patch: object } | undefined {
  const text = textOf(configMap, key);
  const known = formerOf(configMap, federation);
  const exact = known !== undefined && known.applied === text && known.former !== null;
  const restored = exact ? (known.former as string) : withoutFederationInCorefile(text, federation);
  if (restored === text && !known) return undefined;
  return { patch: patchOf(configMap, key, restored, { [formerAnnotation(federation)]: null }) };
}
