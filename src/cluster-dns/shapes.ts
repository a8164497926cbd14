import type { KubeObject } from '../kubernetes/objects.ts';
import type { CorefileDialect } from './corefile.ts';
import { argvProblem, type FlagPlace, flagPlace } from './federations-flag.ts';

/** Namespace of a cluster's own DNS, and the ConfigMap and key that kube-dns reads since Kubernetes 1.5. */
export const dnsNamespace = 'kube-system';
export const dnsConfigMap = { name: 'kube-dns', key: 'federations' } as const;

/** Where a member's cluster DNS is configured for a federation. */
export type DnsShape =
  | 'replication-controller/args'
  | 'deployment/args'
  | 'deployment/configmap'
  | 'replication-controller/configmap'
  | 'coredns/corefile';

interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  volumeMounts?: { name: string; mountPath?: string }[];
}
interface Volume {
  name: string;
  configMap?: { name?: string; items?: { key: string; path: string }[] };
}

/** A ReplicationController or Deployment that runs kube-dns or CoreDNS, and its container that answers the queries. */
export interface DnsController {
  object: KubeObject;
  kind: 'ReplicationController' | 'Deployment';
  /** Place of that container in the template, found by role. */
  containerAt: number;
  container: Container;
  /** Label selector of its pods, as a query. */
  podSelector: string;
  replicas: number;
}

/** Where a CoreDNS has its Corefile, and how it is told of federations. */
export interface CorefilePlace {
  /** The ConfigMap, and its key. */
  name: string;
  key: string;
  dialect: CorefileDialect;
  /** Takes a forward of its own for the zone: several in one server block are allowed since 1.10 (coredns PR 5127). */
  forwards: boolean;
}

/** What a member runs; `code` names a condition that needs a person. */
export type FoundDns =
  | { shape: Exclude<DnsShape, 'coredns/corefile'>; controller: DnsController; place: FlagPlace }
  | { shape: 'coredns/corefile'; controller: DnsController; corefile: CorefilePlace }
  | { code: DnsProblem; message: string };
export type DnsProblem = 'CLUSTER_DNS_ABSENT' | 'CLUSTER_DNS_AMBIGUOUS' | 'CLUSTER_DNS_UNKNOWN';

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
    ...world.deployments.map((object) => controllerOf(object, 'Deployment') ?? coreDnsOf(object)),
  ].filter((controller) => controller !== undefined);
  // A controller scaled to zero is a leftover of a migration (v18 to v20, kube-dns to CoreDNS): it answers nothing.
  const serving = found.some(({ replicas }) => replicas > 0) ? found.filter(({ replicas }) => replicas > 0) : found;
  const [controller, other] = serving;
  if (!controller) {
    return { code: 'CLUSTER_DNS_ABSENT', message: `neither kube-dns nor CoreDNS is in namespace ${dnsNamespace}` };
  }
  if (other) {
    const names = serving.map(({ kind, object }) => `${kind} ${object.metadata.name}`).join(', ');
    return { code: 'CLUSTER_DNS_AMBIGUOUS', message: `several controllers run the cluster DNS: ${names}` };
  }
  return isCoreDns(controller.object) ? corefileOf(controller) : shapeOf(controller, world.configMap);
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

const coreDnsAt = (object: KubeObject): number =>
  podSpecOf(object).containers.findIndex(
    ({ name, image = '' }) => name === 'coredns' || /(^|\/)[a-z-]*coredns(-[a-z0-9_]+)?([:@]|$)/.test(image),
  );

const isCoreDns = (object: KubeObject): boolean =>
  (looksLikeDns(object) || object.metadata.name === 'coredns') && coreDnsAt(object) >= 0;

/** The Deployment if it runs CoreDNS; undefined for anything else. */
function coreDnsOf(object: KubeObject): DnsController | undefined {
  const containerAt = coreDnsAt(object);
  const container = podSpecOf(object).containers[containerAt];
  if (!isCoreDns(object) || !container) return undefined;
  const kind = 'Deployment';
  const replicas = (object['spec'] as { replicas?: number }).replicas ?? 1;
  return { object, kind, containerAt, container, podSelector: selectorOf(object, kind), replicas };
}

/** Path of the Corefile: `-conf FILE` or `-conf=FILE`. */
function confOf(argv: readonly string[]): string {
  const at = argv.findIndex((arg) => /^--?conf(=|$)/.test(arg));
  return (at < 0 ? undefined : (argv[at]?.split('=')[1] ?? argv[at + 1])) ?? '/etc/coredns/Corefile';
}

/** The ConfigMap that `-conf` names by the volume it is mounted from. */
function corefileOf(controller: DnsController): FoundDns {
  const { container, object } = controller;
  const conf = confOf(argvOf(container));
  const [folder, file = ''] = [conf.slice(0, conf.lastIndexOf('/')), conf.split('/').at(-1)];
  const mount = container.volumeMounts?.find(({ mountPath }) => mountPath?.replace(/\/$/, '') === folder);
  const volume = podSpecOf(object).volumes.find(({ name }) => name === mount?.name)?.configMap;
  if (!volume?.name) {
    const message = `Deployment ${object.metadata.name}: ${conf} of container ${container.name} is not from a ConfigMap`;
    return { code: 'CLUSTER_DNS_UNKNOWN', message };
  }
  const key = volume.items?.find(({ path }) => path === file)?.key ?? file;
  const corefile = { name: volume.name, key, ...abilitiesOf(container.image) };
  return { shape: 'coredns/corefile', controller, corefile };
}

/** By the tag; an image without one that tells is taken for a new one: 1.10 is of 2022. */
function abilitiesOf(image = ''): Pick<CorefilePlace, 'dialect' | 'forwards'> {
  const [, major = '1', minor = '999'] = /:v?(\d+)\.(\d+)/.exec(image) ?? [];
  const version = Number(major) * 1_000 + Number(minor);
  return { dialect: version < 1_007 ? 'federation-plugin' : 'rewrite', forwards: version >= 1_010 };
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
