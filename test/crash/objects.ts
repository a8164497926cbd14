import { kubeClients } from '../../activities/clients/kube/kube.ts';
import type { Kube } from '../../activities/clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { clusterApiVersion } from '../../src/distributions/federation/cluster-api.ts';
import { names } from '../../src/distributions/federation/names.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
/** Kinds in the host namespace. */
const hostKinds = [
  ['v1', 'Service'],
  ['v1', 'ServiceAccount'],
  ['v1', 'Secret'],
  ['v1', 'ConfigMap'],
  ['v1', 'PersistentVolumeClaim'],
  ['apps/v1', 'Deployment'],
  [rbac, 'Role'],
  [rbac, 'RoleBinding'],
  ['coordination.k8s.io/v1', 'Lease'],
] as const;
/** Kinds in a member, in the federation's namespace there. */
const memberKinds = [
  ['v1', 'ServiceAccount'],
  ['v1', 'Secret'],
] as const;
/** Kinds of no namespace, in a member. */
const wideKinds = [
  ['v1', 'Namespace'],
  [rbac, 'ClusterRole'],
  [rbac, 'ClusterRoleBinding'],
] as const;

/** Objects by `<cluster> <kind> <name>`. */
export type Picture = Record<string, KubeObject>;

/** Looks at the objects of one federation: in its host, in its members, and in its own API while that answers. */
export class Looker {
  readonly #federation: string;
  readonly #members: readonly string[];
  readonly #clients;
  readonly #kubes = new Map<string, Kube>();

  constructor(env: NodeJS.ProcessEnv, federation: string, members: readonly string[]) {
    this.#federation = federation;
    this.#members = members;
    this.#clients = kubeClients(env);
  }

  async look(): Promise<Picture> {
    const parts = await Promise.all([
      this.#host(),
      this.#clusters(),
      ...this.#members.map((name) => this.#member(name)),
    ]);
    return Object.fromEntries(
      parts.flat().map(([cluster, object]) => [`${cluster} ${object.kind} ${object.metadata.name}`, object]),
    );
  }

  /** What every pod of a member's cluster DNS is made of; the same for all federations. */
  async clusterDns(member: string): Promise<string> {
    const kube = await this.#kube(member);
    const lists = await Promise.all(
      [
        ['v1', 'ReplicationController'],
        ['apps/v1', 'Deployment'],
        ['v1', 'ConfigMap'],
      ].map(([apiVersion = '', kind = '']) => kube.list({ apiVersion, kind, namespace: 'kube-system' })),
    );
    const ours = lists.flat().filter(({ metadata }) => metadata.name.startsWith('kube-dns'));
    return JSON.stringify(ours.map(({ kind, spec, data }) => ({ kind, spec, data })));
  }

  async #kube(context: string): Promise<Kube> {
    const kube = this.#kubes.get(context) ?? (await this.#clients.forContext({ context }));
    this.#kubes.set(context, kube);
    return kube;
  }

  async #host(): Promise<[string, KubeObject][]> {
    return this.#listed('host', hostKinds, this.#federation, [['v1', 'Namespace']]);
  }

  async #member(name: string): Promise<[string, KubeObject][]> {
    return this.#listed(name, memberKinds, this.#federation, wideKinds);
  }

  async #listed(
    cluster: string,
    kinds: readonly (readonly [string, string])[],
    namespace: string,
    wide: readonly (readonly [string, string])[],
  ): Promise<[string, KubeObject][]> {
    const kube = await this.#kube(cluster);
    const [inNamespace, everywhere] = await Promise.all(
      [kinds, wide].map(async (some, index) =>
        (
          await Promise.all(
            some.map(async ([apiVersion, kind]) =>
              (await kube.list({ apiVersion, kind, ...(index === 0 ? { namespace } : {}) })).map((object) => ({
                ...object,
                // Lists leave out what all their items share.
                apiVersion,
                kind,
              })),
            ),
          )
        ).flat(),
      ),
    );
    const named = (everywhere ?? []).filter(({ metadata }) => metadata.name.includes(this.#federation));
    return [...(inNamespace ?? []), ...named].map((object) => [cluster, object]);
  }

  /** Cluster objects of the federation; none while its API cannot be asked. */
  async #clusters(): Promise<[string, KubeObject][]> {
    try {
      const host = { context: 'host', namespace: this.#federation };
      const kube = this.#kubes.get('federation') ?? (await this.#clients.forSecret(host, names.adminKubeconfig));
      const clusters = await kube.list({ apiVersion: clusterApiVersion, kind: 'Cluster' });
      this.#kubes.set('federation', kube);
      return clusters.map((object) => ['federation', { ...object, kind: 'Cluster' }]);
    } catch {
      this.#kubes.delete('federation');
      return [];
    }
  }
}

const uuids = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A text without what differs from one federation to the next. */
const neutral = (text: string, federation: string): string =>
  text
    .replaceAll(federation, 'NAME')
    // An operator's folder: the record has the spec with its paths.
    .replaceAll(/NAME-\w{6}(?=\/)/g, 'FOLDER')
    .replaceAll(uuids, 'UUID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
    .replaceAll(/\b(127|10)\.\d+\.\d+\.\d+\b/g, 'ADDRESS');

/** Fields that a server or the clock fills in. */
const given = /^(nodePort|healthCheckNodePort|volumeName|fedctl\/credentials|fedctl\/secret-version|digest|uid)$/;

const values = (key: string, value: unknown): unknown => (given.test(key) ? 'GIVEN' : value);

/** Secrets are compared by their keys. */
const keysOf = (data: object): object => Object.fromEntries(Object.keys(data).map((key) => [key, 'SECRET']));

/** Labels, annotations, spec and data of each object, as text that is the same for every federation. */
export function saidBy(picture: Picture, federation: string): Record<string, string> {
  const entries = Object.entries(picture).map(([key, object]) => {
    const { metadata, status: _status, apiVersion: _version, data, ...said } = object;
    const { labels, annotations } = metadata;
    const shown = object.kind === 'Secret' && data ? keysOf(data) : unfolded(data);
    const text = JSON.stringify({ labels, annotations, ...said, data: shown }, values);
    return [neutral(key, federation), neutral(text, federation)] as const;
  });
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** ConfigMaps of ours hold JSON: their fields are compared, and given ones left out. */
function unfolded(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  const parsed = Object.entries(data).map(([key, text]) => {
    try {
      return [key, JSON.parse(String(text)) as unknown];
    } catch {
      return [key, text];
    }
  });
  return Object.fromEntries(parsed.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)));
}

/** UIDs of every object over all pictures, of those that had more than one: they were made again. */
export function madeAgain(pictures: readonly Picture[]): string[] {
  const seen = new Map<string, Set<string>>();
  for (const picture of pictures) {
    for (const [key, { metadata }] of Object.entries(picture)) {
      seen.set(key, (seen.get(key) ?? new Set()).add(metadata.uid ?? ''));
    }
  }
  return [...seen].flatMap(([key, uids]) => (uids.size > 1 ? [`${key}: ${[...uids].join(', ')}`] : []));
}

/** Objects that a picture shows and a later one does not. */
export const lostBetween = (pictures: readonly Picture[], last: Picture): string[] => [
  ...new Set(pictures.flatMap((picture) => Object.keys(picture).filter((key) => !(key in last)))),
];
