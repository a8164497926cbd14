import { expect } from '@jest/globals';
import { eventually, type Operator } from './world.ts';

interface Item {
  kind: string;
  metadata: { name: string; namespace?: string; resourceVersion: string; uid: string };
  data?: Record<string, string>;
}

const hostKinds =
  'namespaces,services,serviceaccounts,secrets,configmaps,persistentvolumeclaims,deployments.apps,roles,rolebindings';
const memberKinds =
  'namespaces,serviceaccounts,secrets,configmaps,replicationcontrollers,deployments.apps,clusterroles,clusterrolebindings';

async function itemsOf(operator: Operator, context: string, kinds: string): Promise<Item[]> {
  return (await operator.json<{ items: Item[] }>(context, 'get', kinds, '--all-namespaces')).items;
}

/** Every object of host and members that a federation may touch, with its version: two equal pictures, no change. */
export async function picture(operator: Operator, members: readonly string[]): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const context of ['host', ...members]) {
    for (const { kind, metadata } of await itemsOf(operator, context, context === 'host' ? hostKinds : memberKinds)) {
      // What the sandbox's cloud was told is no federation's.
      if (metadata.name === 'sandbox-cloud') continue;
      all[`${context} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`] =
        `${metadata.uid} ${metadata.resourceVersion}`;
    }
  }
  return all;
}

/** Names of everything there is in host and members, cluster-wide objects included. */
export async function namesOf(operator: Operator, members: readonly string[]): Promise<string[]> {
  const volumes = await itemsOf(operator, 'host', 'persistentvolumes');
  return [
    ...Object.keys(await picture(operator, members)),
    ...volumes.map(({ metadata }) => `volume ${metadata.name}`),
  ].sort();
}

/** Waits until host and members hold what they held before; what is too much, or missing, is shown. */
export async function asBefore(
  operator: Operator,
  members: readonly string[],
  before: readonly string[],
  withinMs = 120_000,
): Promise<void> {
  const same = async (): Promise<boolean> =>
    JSON.stringify(await namesOf(operator, members)) === JSON.stringify(before);
  await eventually(same, 'everything as before', withinMs).catch(async () =>
    expect(await namesOf(operator, members)).toEqual(before),
  );
}

/** Values of all Secrets in a namespace that nobody may ever see, as text; short and public ones left out. */
export async function secretsIn(operator: Operator, context: string, namespace: string): Promise<string[]> {
  const { items } = await operator.json<{ items: Item[] }>(context, 'get', 'secrets', '-n', namespace);
  const texts = items.flatMap(({ data = {} }) =>
    Object.entries(data).flatMap(([key, value]) => (/^(ca|server)\.crt$|^namespace$/.test(key) ? [] : [value])),
  );
  return texts.flatMap((base64) => secretParts(Buffer.from(base64, 'base64').toString('utf8')));
}

/** What is secret in a file: tokens, and the body of a private key, also as it stands in a kubeconfig. */
export function secretParts(text: string): string[] {
  const tokens = [...text.matchAll(/token: *"?([\w.-]{20,})/g)].map((match) => match[1] ?? '');
  const data = [...text.matchAll(/client-key-data: *"?([\w+/=]{20,})/g)].map((match) => match[1] ?? '');
  const keys = [text, ...data.map((base64) => Buffer.from(base64, 'base64').toString('utf8'))].flatMap((file) =>
    [...file.matchAll(/PRIVATE KEY-----\s*([\w+/=\s]+?)\s*-----END/g)].map(
      (match) => (match[1] ?? '').split(/\s/)[0] ?? '',
    ),
  );
  const csv = [...text.matchAll(/^([\w-]{20,}),/gm)].map((match) => match[1] ?? '');
  const whole = /^[\w.-]{40,}$/.test(text.trim()) ? [text.trim()] : [];
  return [...tokens, ...data, ...keys, ...csv, ...whole].filter((part) => part.length >= 20);
}
