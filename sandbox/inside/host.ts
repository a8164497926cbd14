import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { contextEntry, kubeconfigOf } from '../kubeconfig.ts';
import type { Settings } from '../settings.ts';
import {
  auditPolicy,
  cniConfig,
  containerdConfig,
  containerdSocket,
  kubeletConfig,
  serviceRange,
} from './host-files.ts';
import { answers } from './http.ts';
import type { Supervisor } from './supervisor.ts';

/** Name of the one node. */
export const nodeName = 'host-node';
const etcdPort = 2479;

/** Where the host cluster's files are. */
export const hostFiles = ({ layout }: Settings) => ({
  pki: join(layout.state, 'pki'),
  /** For the sandbox's own programs. */
  system: join(layout.state, 'host-system.kubeconfig'),
  /** For people and the worker: context `host`, a user of its own, so that the audit log tells them apart. */
  operator: join(layout.state, 'host.kubeconfig'),
  audit: join(layout.state, 'audit', 'host.log'),
});

const program = ({ programs }: Settings, name: string): string => programs[name] ?? name;
export const hostServer = ({ layout }: Settings): string => `https://${layout.address}:6443`;

async function startEtcd(settings: Settings, supervisor: Supervisor): Promise<void> {
  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${etcdPort + 1}`;
  const listen = [`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`, `--listen-peer-urls=${peer}`];
  const cluster = [`--initial-advertise-peer-urls=${peer}`, `--initial-cluster=default=${peer}`];
  // A sandbox loses nothing that matters with the machine's power: no fsync, several times as fast.
  const argv = [program(settings, 'etcd'), `--data-dir=${join(settings.layout.state, 'etcd')}`, '--unsafe-no-fsync'];
  await supervisor.start({
    name: 'etcd',
    argv: [...argv, ...listen, ...cluster],
    ready: () => answers(`${client}/readyz`),
  });
}

/** Writes keys, tokens, audit policy; answers the token of the sandbox's own programs. */
async function writeCredentials(settings: Settings): Promise<{ system: string; operator: string }> {
  const { pki } = hostFiles(settings);
  await mkdir(pki, { recursive: true, mode: 0o700 });
  await mkdir(join(settings.layout.state, 'audit'), { recursive: true });
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  await writeFile(join(pki, 'sa.key'), privateKey, { mode: 0o600 });
  const tokens = { system: randomBytes(24).toString('hex'), operator: randomBytes(24).toString('hex') };
  const rows = [
    `${tokens.system},sandbox,sandbox,system:masters`,
    `${tokens.operator},operator,operator,system:masters`,
  ];
  await writeFile(join(pki, 'tokens.csv'), `${rows.join('\n')}\n`, { mode: 0o600 });
  await writeFile(join(pki, 'audit-policy.json'), JSON.stringify(auditPolicy));
  return tokens;
}

async function startApiserver(settings: Settings, supervisor: Supervisor): Promise<void> {
  const { pki, system, operator, audit } = hostFiles(settings);
  const { address } = settings.layout;
  const tokens = await writeCredentials(settings);
  const key = join(pki, 'sa.key');
  await supervisor.start({
    name: 'kube-apiserver',
    argv: [
      program(settings, 'kube-apiserver'),
      `--etcd-servers=http://127.0.0.1:${etcdPort}`,
      `--bind-address=${address}`,
      `--advertise-address=${address}`,
      '--secure-port=6443',
      `--cert-dir=${pki}`,
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--token-auth-file=${join(pki, 'tokens.csv')}`,
      '--authorization-mode=Node,RBAC',
      `--service-cluster-ip-range=${serviceRange}`,
      '--allow-privileged',
      '--kubelet-preferred-address-types=InternalIP',
      `--audit-policy-file=${join(pki, 'audit-policy.json')}`,
      `--audit-log-path=${audit}`,
    ],
    ready: () => answers(`${hostServer(settings)}/readyz`, { authorization: `Bearer ${tokens.system}` }),
  });
  const ca = await readFile(join(pki, 'apiserver.crt'), 'utf8');
  const server = hostServer(settings);
  const write = (file: string, token: string): Promise<void> =>
    writeFile(file, kubeconfigOf([contextEntry('host', { server, ca, user: { token } })]), { mode: 0o600 });
  await write(system, tokens.system);
  await write(operator, tokens.operator);
}

async function startControllers(settings: Settings, supervisor: Supervisor): Promise<void> {
  const { pki, system } = hostFiles(settings);
  const common = [`--kubeconfig=${system}`, '--leader-elect=false', '--bind-address=127.0.0.1'];
  await Promise.all([
    supervisor.start({
      name: 'kube-controller-manager',
      argv: [
        program(settings, 'kube-controller-manager'),
        ...common,
        `--service-account-private-key-file=${join(pki, 'sa.key')}`,
        `--root-ca-file=${join(pki, 'apiserver.crt')}`,
        '--use-service-account-credentials',
      ],
      ready: () => answers('https://127.0.0.1:10257/healthz'),
    }),
    supervisor.start({
      name: 'kube-scheduler',
      argv: [program(settings, 'kube-scheduler'), ...common],
      ready: () => answers('https://127.0.0.1:10259/healthz'),
    }),
  ]);
}

/** etcd, API server, controllers and scheduler of the host cluster. */
export async function startControlPlane(settings: Settings, supervisor: Supervisor): Promise<void> {
  await startEtcd(settings, supervisor);
  await startApiserver(settings, supervisor);
  await startControllers(settings, supervisor);
}

/** containerd, kubelet and kube-proxy: the host cluster's one node. */
export async function startNode(settings: Settings, supervisor: Supervisor): Promise<void> {
  const { state, address, subnet } = settings.layout;
  const { system } = hostFiles(settings);
  await mkdir(join(state, 'cni'), { recursive: true });
  await writeFile(join(state, 'containerd.toml'), containerdConfig(settings));
  await writeFile(join(state, 'cni', '10-fedctl.conflist'), JSON.stringify(cniConfig(settings)));
  await writeFile(join(state, 'kubelet.json'), JSON.stringify(kubeletConfig(settings)));
  await writeFile(join(state, 'resolv.conf'), `nameserver ${settings.layout.dnsAddress}\n`);
  await supervisor.start({
    name: 'containerd',
    argv: ['containerd', '--config', join(state, 'containerd.toml')],
    ready: async () => existsSync(containerdSocket),
  });
  const name = `--hostname-override=${nodeName}`;
  await Promise.all([
    supervisor.start({
      name: 'kubelet',
      argv: [
        program(settings, 'kubelet'),
        `--config=${join(state, 'kubelet.json')}`,
        `--kubeconfig=${system}`,
        name,
        `--node-ip=${address}`,
        `--root-dir=${join(state, 'kubelet')}`,
      ],
      ready: () => answers('http://127.0.0.1:10248/healthz'),
    }),
    supervisor.start({
      name: 'kube-proxy',
      argv: [
        program(settings, 'kube-proxy'),
        `--kubeconfig=${system}`,
        '--proxy-mode=nftables',
        `--cluster-cidr=${subnet}`,
        name,
        `--bind-address=${address}`,
        '--conntrack-max-per-core=0',
        '--metrics-bind-address=127.0.0.1:10249',
      ],
      ready: () => answers('http://127.0.0.1:10249/healthz'),
    }),
  ]);
}
