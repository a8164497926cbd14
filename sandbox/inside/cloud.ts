import { setTimeout as delay } from 'node:timers/promises';
import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Service,
} from '@kubernetes/client-node';
import type { Settings } from '../settings.ts';
import { watchChanges } from './changes.ts';
import { serveVolumes } from './cloud-volumes.ts';
import { serveMembers, stoppedWish } from './cloud-members.ts';
import { publishHost } from './cloud-names.ts';
import { hostFiles } from './host.ts';

/** What tests and people can tell the cloud, in ConfigMap kube-system/sandbox-cloud. */
interface Wishes {
  /** `withhold`: no address at all; `hostname`: a name instead of an address, as some clouds do. */
  loadBalancers: 'give' | 'withhold' | 'hostname';
  /** `withhold`: claims stay unbound. */
  volumes: 'give' | 'withhold';
  /** Members that shall stand still: `stopped` under the name of each. */
  stopped: ReadonlySet<string>;
}

/** ms between two looks at members, which may end unheard, and after a fault; all else is looked at when it changes. */
const everyMs = 1_000;
const watched = [
  '/api/v1/services',
  '/api/v1/persistentvolumes',
  '/api/v1/persistentvolumeclaims',
  '/api/v1/namespaces/kube-system/configmaps',
];
const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

async function readWishes(api: CoreV1Api): Promise<Wishes> {
  const given: Wishes = { loadBalancers: 'give', volumes: 'give', stopped: new Set() };
  try {
    const { data = {} } = await api.readNamespacedConfigMap({ name: 'sandbox-cloud', namespace: 'kube-system' });
    const stopped = new Set(Object.keys(data).filter((name) => data[name] === stoppedWish));
    return { ...given, ...(data as Partial<Wishes>), stopped };
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return given;
    throw error;
  }
}

const ingressOf = (service: V1Service) => service.status?.loadBalancer?.ingress ?? [];
const takenBy = (service: V1Service): string[] => [
  ...ingressOf(service).flatMap(({ ip }) => (ip ? [ip] : [])),
  ...(service.spec?.externalIPs ?? []),
];

/** Lowest address of the sandbox's range that no Service has. */
function freeAddress({ layout }: Settings, taken: ReadonlySet<string>): string | undefined {
  const { prefix, first, last } = layout.loadBalancers;
  const all = Array.from({ length: last - first + 1 }, (_, index) => `${prefix}${first + index}`);
  return all.find((address) => !taken.has(address));
}

/** Gives every Service of type LoadBalancer that has none an address, as the wishes are. */
export async function serveLoadBalancers(
  settings: Settings,
  api: CoreV1Api,
  wishes: Pick<Wishes, 'loadBalancers'>,
): Promise<void> {
  if (wishes.loadBalancers === 'withhold') return;
  const { items } = await api.listServiceForAllNamespaces();
  const taken = new Set(items.flatMap(takenBy));
  for (const service of items) {
    if (service.spec?.type !== 'LoadBalancer' || ingressOf(service).length > 0) continue;
    const address = freeAddress(settings, taken);
    if (!address) return;
    taken.add(address);
    const { name = '', namespace = '' } = service.metadata ?? {};
    const ref = { name, namespace };
    if (wishes.loadBalancers === 'give') {
      await api.patchNamespacedServiceStatus({ ...ref, body: statusWith({ ip: address }) }, merge);
      continue;
    }
    // kube-proxy serves addresses only: the name points at one that stands in the spec, as a cloud's own balancer would.
    const hostname = await publishHost(settings, `${name}-${namespace}`, address);
    await api.patchNamespacedService({ ...ref, body: { spec: { externalIPs: [address] } } }, merge);
    await api.patchNamespacedServiceStatus({ ...ref, body: statusWith({ hostname }) }, merge);
  }
}

const statusWith = (ingress: object): object => ({ status: { loadBalancer: { ingress: [ingress] } } });

/** The cloud of the host cluster: addresses for load balancers and volumes for claims, until the sandbox ends. */
export async function startCloud(settings: Settings): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(hostFiles(settings).system);
  const api = config.makeApiClient(CoreV1Api);
  const standing = new Set<string>();
  const changes = watchChanges(config, watched);
  const loop = async (): Promise<never> => {
    let wishes: Wishes | undefined;
    for (;;) {
      try {
        if (!wishes || (await changes.next(everyMs))) {
          wishes = await readWishes(api);
          await serveLoadBalancers(settings, api, wishes);
          await serveVolumes(settings, api, wishes.volumes === 'give');
        }
        await serveMembers(settings, wishes.stopped, standing);
      } catch (error) {
        console.error(`cloud: ${(error as Error).message}`);
        wishes = undefined;
        await delay(everyMs);
      }
    }
  };
  void loop();
}
