import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { containerStorage } from '../../../sandbox/container-storage.ts';
import { serveLoadBalancers } from '../../../sandbox/inside/cloud.ts';
import { serveVolumes, storageClass } from '../../../sandbox/inside/cloud-volumes.ts';
import { kubeDnsController, kubeDnsDeployment } from '../../../sandbox/inside/kube-dns.ts';
import { applyObjects } from '../../../sandbox/inside/kubectl.ts';
import { memberAudit, memberKubeconfig, startSimulated } from '../../../sandbox/inside/members.ts';
import { type ContextEntry, kubeconfigOf } from '../../../sandbox/kubeconfig.ts';
import { layoutOf } from '../../../sandbox/layout.ts';
import { ensurePrograms } from '../../../sandbox/programs.ts';
import { run } from '../../../sandbox/run.ts';
import type { Settings } from '../../../sandbox/settings.ts';
import { startDevServer } from '../../../worker/dev-server.ts';
import { startPowerDns } from '../../helpers/dns/powerdns.ts';
import { freePort } from '../../helpers/common/processes.ts';
import { startRegistry } from '../../helpers/images/registry.ts';
import { Kubelet } from './kubelet.ts';
import type { QuickWorld } from './world.ts';

/** Of all parts of a host that pods would need, what its control plane does not bring along. */
const defaultClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: storageClass.name, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: storageClass.provisioner,
  reclaimPolicy: 'Delete',
};
const members = ['member-1', 'member-2'];
/** What each cluster has before fedctl comes: the members have cluster DNS in the two shapes that it edits. */
const brought: Record<string, readonly object[]> = {
  host: [defaultClass],
  'member-1': kubeDnsController,
  'member-2': kubeDnsDeployment,
};
/** A cluster's index decides its ports: those of another id are others. */
const indexOf = (id: number, cluster: number): number => id * 10 + cluster;
/** ms between two looks of the cloud and the kubelet. */
const everyMs = 200;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Everything on loopback, in ports and addresses of this id's own. */
function settingsOf(id: number, state: string, programs: Record<string, string>): Settings {
  const layout = {
    ...layoutOf(id),
    state,
    address: '127.0.0.1',
    memberPort: (index: number) => 4_000 + index,
    loadBalancers: { prefix: `127.${id}.0.`, first: 1, last: 250 },
  };
  return { layout, programs, members, keepsBuildahCache: true };
}

async function writeKubeconfig(settings: Settings, names: readonly string[]): Promise<string> {
  const entries = await Promise.all(
    names.map(async (name): Promise<ContextEntry> => {
      const config = parse(await readFile(memberKubeconfig(settings, name), 'utf8')) as Record<string, never[]>;
      return { cluster: config['clusters']![0]!, user: config['users']![0]!, context: config['contexts']![0]! };
    }),
  );
  const file = join(settings.layout.state, 'kubeconfig');
  await writeFile(file, kubeconfigOf(entries), { mode: 0o600 });
  return file;
}

/** Cloud and kubelet of the host, for as long as this process is there. */
async function serveHost(settings: Settings, server: URL, standIn: string): Promise<never> {
  const config = new KubeConfig();
  config.loadFromFile(memberKubeconfig(settings, 'host'));
  const api = config.makeApiClient(CoreV1Api);
  const { state } = settings.layout;
  const caFile = join(state, 'kwok/clusters/host/pki/ca.crt');
  const programs = { '/hyperkube': standIn, '/etcd': settings.programs['etcd'] ?? 'etcd' };
  const kubelet = new Kubelet(config, { folder: join(state, 'pods'), programs, server, caFile });
  for (;;) {
    try {
      await serveLoadBalancers(settings, api, { loadBalancers: 'give' });
      await serveVolumes(settings, api, true);
      await kubelet.serve();
    } catch (error) {
      say(`host: ${(error as Error).message}`);
    }
    await delay(everyMs);
  }
}

/** The image is built of a folder that holds next to nothing: it is pushed and pinned, and never run. */
async function makeSource(state: string): Promise<string> {
  const source = join(state, 'source');
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'Dockerfile'), 'FROM scratch\nCOPY content /content\n');
  return source;
}

/** Returns the path of the stand-in. */
async function buildStandIn(): Promise<string> {
  const source = join(import.meta.dirname, '../../../sandbox/hyperkube');
  await run(['make', '-C', source, 'binaries']);
  return join(source, '_output/hyperkube');
}

async function bringUp(id: number, state: string): Promise<QuickWorld> {
  const programs = await ensurePrograms(say);
  const settings = settingsOf(id, state, programs);
  const temporalPort = await freePort();
  const [registry, dns, standIn] = await Promise.all([
    startRegistry(),
    startPowerDns(),
    buildStandIn(),
    startDevServer(state, { FEDCTL_TEMPORAL: programs['temporal'] }, temporalPort),
    ...Object.entries(brought).map(async ([name, objects], index) => {
      await startSimulated(settings, name, indexOf(id, index));
      await applyObjects(settings, memberKubeconfig(settings, name), objects);
    }),
  ]);
  await registry.put('etcd', '3.6.8');
  const server = new URL(`https://127.0.0.1:${settings.layout.memberPort(indexOf(id, 0))}`);
  void serveHost(settings, server, standIn);
  return {
    members,
    audits: Object.fromEntries(['host', ...members].map((name) => [name, memberAudit(settings, name)])),
    registry: registry.name,
    source: await makeSource(state),
    dns: { url: dns.url, address: dns.address },
    env: {
      KUBECONFIG: await writeKubeconfig(settings, ['host', ...members]),
      KUBECACHEDIR: join(state, 'kubectl-cache'),
      TEMPORAL_ADDRESS: `127.0.0.1:${temporalPort}`,
      PDNS_API_URL: dns.url,
      PDNS_API_KEY_FILE: dns.keyFile,
      ...(await containerStorage(settings.layout)),
      PATH: `${join(programs['kubectl'] ?? '', '..')}:${process.env['PATH'] ?? ''}`,
    },
  };
}

const [id = '', state = ''] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await bringUp(Number(id), state))}\n`);
