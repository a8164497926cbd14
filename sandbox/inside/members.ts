import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { contextEntry, type ContextEntry, kubeconfigOf } from '../kubeconfig.ts';
import { run } from '../run.ts';
import type { Settings } from '../settings.ts';
import { auditPolicy } from './host-files.ts';
import { answers } from './http.ts';
import { kubeDnsController, kubeDnsDeployment } from './kube-dns.ts';
import { applyObjects } from './kubectl.ts';
import { endedParts } from './member-parts.ts';

const workdir = ({ layout }: Settings): string => join(layout.state, 'kwok');
export const memberKubeconfig = ({ layout }: Settings, name: string): string =>
  join(layout.state, `${name}.kubeconfig`);

/** Writes of everybody in a member, one JSON a line. */
export const memberAudit = (settings: Settings, name: string): string =>
  join(workdir(settings), 'clusters', name, 'logs', 'audit.log');

/** First of ten ports of one member's parts: fixed, because two members choosing free ones at once choose the same. */
const portsFrom = (index: number): number => 7_500 + index * 10;

const portsOf = ({ layout }: Settings, index: number): string[] => {
  const base = portsFrom(index);
  const ports = { 'kube-apiserver': layout.memberPort(index), etcd: base, 'kube-controller-manager': base + 2 };
  const more = { 'kube-scheduler': base + 3, controller: base + 4 };
  return Object.entries({ ...ports, ...more }).map(([part, port]) => `--${part}-port=${port}`);
};

async function kwokctl(settings: Settings, name: string, ...args: string[]): Promise<void> {
  const { state } = settings.layout;
  // Nothing of kwokctl's may land in the home folder of whoever runs the sandbox.
  const env = {
    ...process.env,
    HOME: workdir(settings),
    KWOK_WORKDIR: workdir(settings),
    KUBECONFIG: join(state, 'kwok', 'config'),
  };
  await run([settings.programs['kwokctl'] ?? 'kwokctl', '--name', name, ...args], { env });
}

/**
 * A member that was stopped works again within seconds: nobody waits for the lease of a controller that is gone, and
 * the nodes' own ends after 10 s (kwokctl multiplies by 5).
 */
const backSoon = [
  '--extra-args=kube-controller-manager=leader-elect=false',
  '--extra-args=kube-scheduler=leader-elect=false',
  '--node-lease-duration-seconds=2',
];

/** A member cluster, with cluster DNS in one of the two shapes that the guide's readers have. */
export async function startMember(settings: Settings, name: string, index: number): Promise<void> {
  await startSimulated(settings, name, index);
  // Further members get the later shape.
  await applyObjects(settings, memberKubeconfig(settings, name), index === 1 ? kubeDnsController : kubeDnsDeployment);
}

/** A cluster of real etcd, API server, controllers and scheduler; nodes and pods are simulated by kwok. */
export async function startSimulated(settings: Settings, name: string, index: number): Promise<void> {
  const policy = join(settings.layout.state, 'member-audit-policy.json');
  await mkdir(workdir(settings), { recursive: true });
  await writeFile(policy, JSON.stringify(auditPolicy));
  // The one port that has no flag.
  const options = { etcdPeerPort: portsFrom(index) + 1 };
  const config = join(workdir(settings), `${name}.json`);
  const kind = { apiVersion: 'config.kwok.x-k8s.io/v1alpha1', kind: 'KwokctlConfiguration' };
  await writeFile(config, JSON.stringify({ ...kind, options }));
  const binaries = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(
    (program) => `--${program}-binary=${settings.programs[program]}`,
  );
  const kwok = `--kwok-controller-binary=${settings.programs['kwok']}`;
  const ports = portsOf(settings, index);
  await kwokctl(
    settings,
    name,
    'create',
    'cluster',
    '--runtime=binary',
    ...binaries,
    kwok,
    ...ports,
    `--kube-audit-policy=${policy}`,
    ...backSoon,
    `--config=${config}`,
    '--wait=180s',
  );
  await controllersServe(settings, name, index);
  await kwokctl(settings, name, 'scale', 'node', '--replicas=2');
  const entry = await memberContext(settings, name, index);
  await writeFile(memberKubeconfig(settings, name), kubeconfigOf([entry]), { mode: 0o600 });
}

/** ms for the controllers of a cluster whose API server serves, on a busy machine. */
const controllersWithinMs = 120_000;

/** kwokctl waits for the API server only. Throws an Error when the controllers do not come up. */
async function controllersServe(settings: Settings, name: string, index: number): Promise<void> {
  const healthz = `https://127.0.0.1:${portsFrom(index) + 2}/healthz`;
  for (const end = Date.now() + controllersWithinMs; !(await answers(healthz).catch(() => false)); await delay(200)) {
    if (Date.now() > end) throw new Error(`the controllers of ${name} do not answer at ${healthz}`);
    await revive(settings, name);
  }
}

/** Starts those parts of a running cluster again that ended by themselves. Throws when kwokctl cannot. */
export async function revive(settings: Settings, name: string): Promise<void> {
  const ended = await endedParts(join(workdir(settings), 'clusters', name));
  if (ended.length > 0) await kwokctl(settings, name, 'start', 'cluster');
}

/** Context of a member under the address that host, pods and the machine share. */
async function memberContext(settings: Settings, name: string, index: number): Promise<ContextEntry> {
  const pki = join(workdir(settings), 'clusters', name, 'pki');
  const [ca, clientCertificate, clientKey] = await Promise.all(
    ['ca.crt', 'admin.crt', 'admin.key'].map((file) => readFile(join(pki, file), 'utf8')),
  );
  const server = `https://${settings.layout.address}:${settings.layout.memberPort(index)}`;
  return contextEntry(name, {
    server,
    ca: ca ?? '',
    user: { clientCertificate: clientCertificate ?? '', clientKey: clientKey ?? '' },
  });
}

/** Whether the API server of a member serves: it is asked on its address, without credentials. */
export const memberServes = (
  { layout, members }: Pick<Settings, 'layout' | 'members'>,
  name: string,
): Promise<boolean> =>
  answers(`https://${layout.address}:${layout.memberPort(members.indexOf(name) + 1)}/readyz`).catch(() => false);

/** Stops a member as a power cut does, but in good order, or starts it again: what its etcd holds stays. */
export const setMember = (settings: Settings, name: string, wish: 'running' | 'stopped'): Promise<void> =>
  kwokctl(settings, name, wish === 'stopped' ? 'stop' : 'start', 'cluster');
