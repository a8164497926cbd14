import type { KubeObject } from '../../activities/clients/kube-port.ts';
import { argvProblem, type FlagPlace, flagPlace } from './federations-flag.ts';

/** Namespace of a cluster's own DNS, and the ConfigMap and key that kube-dns reads since Kubernetes 1.5. */
export const dnsNamespace = 'kube-system';
export const dnsConfigMap = { name: 'kube-dns', key: 'federations' } as const;

/** How a member's cluster DNS is told of a federation. */
export type DnsShape =
  'replication-controller/args' | 'deployment/args' | 'deployment/configmap' | 'replication-controller/configmap';

interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  volumeMounts?: { name: string }[];
}
interface Volume {
  name: string;
  configMap?: { name?: string };
}

/** A ReplicationController or Deployment that runs kube-dns, and its container that answers the queries. */
export interface DnsController {
  object: KubeObject;
  kind: 'ReplicationController' | 'Deployment';
  /** Place of the kubedns container in the template, found by role. */
  containerAt: number;
  container: Container;
  /** Label selector of its pods, as a query. */
  podSelector: string;
  replicas: number;
}

/** What a member runs; `code` names a condition that needs a person. */
export type FoundDns =
  { shape: DnsShape; controller: DnsController; place: FlagPlace } | { code: DnsProblem; message: string };
export type DnsProblem = 'CLUSTER_DNS_ABSENT' | 'CLUSTER_DNS_COREDNS' | 'CLUSTER_DNS_AMBIGUOUS' | 'CLUSTER_DNS_UNKNOWN';

/** The workloads of kube-system that may be its DNS, and whether the ConfigMap kube-dns is there. */
export interface DnsWorld {
  replicationControllers: readonly KubeObject[];
  deployments: readonly KubeObject[];
  configMap: boolean;
}

/** Finds the cluster DNS by its label or name and its container by role; says which way it reads federations. */
export function findClusterDns(world: DnsWorld): FoundDns {
  const found = [
    ...world.replicationControllers.map((object) => controllerOf(object, 'ReplicationController')),
    ...world.deployments.map((object) => controllerOf(object, 'Deployment')),
  ].filter((controller) => controller !== undefined);
  // A controller scaled to zero is a leftover of a migration (v18 to v20, kube-dns to CoreDNS): it answers nothing.
  const serving = found.some(({ replicas }) => replicas > 0) ? found.filter(({ replicas }) => replicas > 0) : found;
  const [controller, other] = serving;
  if (!controller || (controller.replicas === 0 && hasCoreDns(world))) return nothingFound(world);
  if (other) {
    const names = serving.map(({ kind, object }) => `${kind} ${object.metadata.name}`).join(', ');
    return { code: 'CLUSTER_DNS_AMBIGUOUS', message: `several controllers run kube-dns: ${names}` };
  }
  return shapeOf(controller, world.configMap);
}

function nothingFound(world: DnsWorld): FoundDns {
  if (hasCoreDns(world)) {
    return {
      code: 'CLUSTER_DNS_COREDNS',
      message: 'the cluster DNS is CoreDNS, which fedctl cannot tell about federations yet',
    };
  }
  return { code: 'CLUSTER_DNS_ABSENT', message: `no kube-dns in namespace ${dnsNamespace}` };
}

function shapeOf(controller: DnsController, configMap: boolean): FoundDns {
  const { kind, container, object } = controller;
  const place = flagPlace(container);
  const prefix = kind === 'Deployment' ? 'deployment' : 'replication-controller';
  const reads = readsConfigMap(controller);
  // A kube-dns that reads the ConfigMap ignores the flag (kubernetes/dns cmd/kube-dns/app/server.go).
  if (reads) return { shape: `${prefix}/configmap`, controller, place };
  if (kind === 'Deployment' && place.value === undefined && configMap)
    return { shape: 'deployment/configmap', controller, place };
  const problem = argvProblem(container);
  if (problem)
    return {
      code: 'CLUSTER_DNS_UNKNOWN',
      message: `${kind} ${object.metadata.name}: container ${container.name} ${problem}`,
    };
  return { shape: `${prefix}/args`, controller, place };
}

const argvOf = ({ command = [], args = [] }: Container): string[] => [...command, ...args];

function readsConfigMap({ object, container }: DnsController): boolean {
  if (argvOf(container).some((arg) => /^--config-(dir|map)(=|$)/.test(arg))) return true;
  const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name));
  return podSpecOf(object).volumes.some(
    (volume) => volume.configMap?.name === dnsConfigMap.name && mounted.has(volume.name),
  );
}

function podSpecOf(object: KubeObject): { containers: Container[]; volumes: Volume[] } {
  const spec = object['spec'] as { template?: { spec?: { containers?: Container[]; volumes?: Volume[] } } } | undefined;
  const { containers = [], volumes = [] } = spec?.template?.spec ?? {};
  return { containers, volumes };
}

/** The kubedns container by role: its name, else its image, else a flag that only kube-dns has (dnsmasq has none of them). */
function kubednsAt(containers: Container[]): number {
  const byName = containers.findIndex(({ name }) => name === 'kubedns');
  if (byName >= 0) return byName;
  const byImage = containers.findIndex(({ image = '' }) =>
    /(^|\/)(k8s-dns-kube-dns|kube-?dns)(-[a-z0-9_]+)?([:@]|$)/.test(image),
  );
  if (byImage >= 0) return byImage;
  return containers.findIndex((container) => argvOf(container).some((arg) => /^--(domain|federations)(=|$)/.test(arg)));
}

const looksLikeDns = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.['k8s-app'] === 'kube-dns' || /^kube-dns(-v\d+(\.\d+)?)?$/.test(metadata.name);

/** The controller if it runs kube-dns (by label or name, and with a kubedns container); undefined for anything else. */
export function controllerOf(object: KubeObject, kind: DnsController['kind']): DnsController | undefined {
  if (!looksLikeDns(object) || isCoreDns(object)) return undefined;
  const { containers } = podSpecOf(object);
  const containerAt = kubednsAt(containers);
  const container = containers[containerAt];
  if (!container) return undefined;
  const replicas = (object['spec'] as { replicas?: number }).replicas ?? 1;
  return { object, kind, containerAt, container, podSelector: selectorOf(object, kind), replicas };
}

const hasCoreDns = ({ deployments }: DnsWorld): boolean => deployments.some(isCoreDns);
function isCoreDns(object: KubeObject): boolean {
  if (!looksLikeDns(object) && object.metadata.name !== 'coredns') return false;
  return podSpecOf(object).containers.some(
    ({ name, image = '' }) => name === 'coredns' || /(^|\/)coredns([:@]|$)/.test(image),
  );
}

/** The selector of a controller as the text of a list query. */
function selectorOf(object: KubeObject, kind: DnsController['kind']): string {
  const { selector, template } = object['spec'] as {
    selector?: Record<string, unknown>;
    template?: { metadata?: { labels?: Record<string, string> } };
  };
  // A Deployment wraps its selector; a ReplicationController without one selects by its template's labels.
  const labels = (kind === 'Deployment' ? selector?.['matchLabels'] : selector) ?? template?.metadata?.labels ?? {};
  return Object.entries(labels as Record<string, string>)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
