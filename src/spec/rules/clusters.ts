import type { SpecPart } from '../part.ts';
import type { Parts } from '../parts.ts';
import type { Finding, Path } from '../problem.ts';
import type { ClusterSpec } from '../schema.ts';
import { addressForAll } from '../server-address.ts';
import { isCidr, isLabelKey, isLabelValue } from '../texts.ts';

type Numbered = { cluster: ClusterSpec; at: Path };

/** What is wrong with the members: each by itself, and two that are one. */
export function clusterRules({ clusters }: Parts, part: Pick<SpecPart, 'reservedSecrets' | 'everyClient'>): Finding[] {
  const numbered = clusters.flatMap((cluster, index): Numbered[] =>
    cluster ? [{ cluster, at: ['spec', 'clusters', index] }] : [],
  );
  return [
    ...twice(numbered, ({ name }) => [name], ['name'], 'name', 'give each cluster a name of its own'),
    ...twice(numbered, contextOf, ['context'], 'context', 'the same cluster cannot be joined twice'),
    ...twice(numbered, secretOf, ['secretRef', 'name'], 'Secret', 'each cluster needs a Secret of its own'),
    ...sameServer(numbered),
    ...numbered.flatMap((one) => reservedSecret(one, part.reservedSecrets)),
    ...numbered.flatMap((one) => addresses(one, part.everyClient)),
    ...numbered.flatMap(labels),
  ];
}

const contextOf = ({ context, kubeconfig }: ClusterSpec): string[] => [context, kubeconfig ?? ''];
const secretOf = ({ name, secretRef }: ClusterSpec): string[] => [secretRef?.name ?? name];

/** The second of two clusters with the same key; without its own `secretRef` the name is what collides. */
function twice(
  numbered: readonly Numbered[],
  keyOf: (cluster: ClusterSpec) => string[],
  field: Path,
  what: string,
  hint: string,
): Finding[] {
  const seen = new Map<string, Numbered>();
  return numbered.flatMap(({ cluster, at }): Finding[] => {
    const key = JSON.stringify(keyOf(cluster));
    const first = seen.get(key);
    if (!first) {
      seen.set(key, { cluster, at });
      return [];
    }
    // Two alike names make two alike Secrets; it is said once.
    if (what === 'Secret' && first.cluster.name === cluster.name) return [];
    const own = field[0] === 'secretRef' && !cluster.secretRef ? ['name'] : field;
    const message = `the ${what} ${keyOf(cluster)[0]} belongs to spec.clusters[${String(first.at[2])}] already`;
    return [{ path: [...at, ...own], message, hint }];
  });
}

/** A URL without what does not tell servers apart. */
const server = (url: string): string => {
  const { host, pathname } = new URL(url);
  return `${host.toLowerCase()}${pathname.replace(/\/+$/, '')}`;
};

function sameServer(numbered: readonly Numbered[]): Finding[] {
  const seen = new Map<string, Path>();
  return numbered.flatMap(({ cluster, at }) =>
    (cluster.serverAddresses ?? []).flatMap(({ serverAddress }, index): Finding[] => {
      const key = server(serverAddress);
      const first = seen.get(key) ?? at;
      seen.set(key, first);
      if (first[2] === at[2]) return [];
      return [
        {
          path: [...at, 'serverAddresses', index, 'serverAddress'],
          message: `${serverAddress} is the server of spec.clusters[${String(first[2])}] already`,
          hint: 'the same cluster cannot be joined twice',
        },
      ];
    }),
  );
}

function reservedSecret({ cluster, at }: Numbered, reserved: readonly string[]): Finding[] {
  const [name = ''] = secretOf(cluster);
  if (!reserved.includes(name)) return [];
  const path = [...at, ...(cluster.secretRef ? ['secretRef', 'name'] : ['name'])];
  const hint = `choose another: ${reserved.join(', ')} are taken`;
  return [{ path, message: `${name} is a Secret of the control plane itself`, hint }];
}

function addresses({ cluster, at }: Numbered, why: string): Finding[] {
  const list = cluster.serverAddresses;
  if (!list) return [];
  const each = list.flatMap(({ clientCIDR, serverAddress }, index): Finding[] => {
    const here = [...at, 'serverAddresses', index];
    return [
      ...(isCidr(clientCIDR)
        ? []
        : [
            { path: [...here, 'clientCIDR'], message: `${clientCIDR} is not a CIDR`, hint: 'write it like 10.0.0.0/8' },
          ]),
      ...(serverAddress.startsWith('https://')
        ? []
        : [
            {
              path: [...here, 'serverAddress'],
              message: `${serverAddress} is not https://`,
              hint: 'a token is sent to it',
            },
          ]),
    ];
  });
  if (why === '' || addressForAll(list) !== undefined) return each;
  const message = 'has no entry for every client';
  const hint = `add one with clientCIDR 0.0.0.0/0: ${why}`;
  return [...each, { path: [...at, 'serverAddresses'], message, hint }];
}

const labels = ({ cluster, at }: Numbered): Finding[] =>
  Object.entries(cluster.labels).flatMap(([key, value]): Finding[] => {
    const path = [...at, 'labels', key];
    if (!isLabelKey(key)) return [{ path, at: 'key', message: `${key} is not a valid label key` }];
    if (isLabelValue(value)) return [];
    const hint = 'at most 63 of A-Z, a-z, 0-9, "-", "_" and ".", with a letter or digit at both ends';
    return [{ path, message: `${value} is not a valid label value`, hint }];
  });
