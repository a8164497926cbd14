import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../helpers/common/programs.ts';
import { base64, makeCA, makeCertificate, type Pair, read } from './pki.ts';
import { freePort, runToEnd, start, type Running, until } from './processes.ts';
import { type Endpoint, send } from './request.ts';

const source = fileURLToPath(new URL('../../sandbox/hyperkube/', import.meta.url));
const foreign = process.env['CONTRACT_HYPERKUBE'];

/** Whether the binary under test is the stand-in, which alone is kinder than the real one. */
export const isStandIn = !foreign;

export const tokens = { admin: 'contract-admin-token', wrong: 'contract-wrong-token', member: 'contract-member-token' };
/** Namespace of the members' Secrets, in the API server that plays the host cluster. */
export const namespace = 'federation';

export interface Apiserver {
  endpoint: Endpoint;
  process: Running;
}

/** Everything that the suite runs against, and its end. */
export interface World {
  folder: string;
  /** The binary under test, and the same under the name of the other era (the stand-in only). */
  binary: string;
  fcp: string;
  kubectl: string;
  ca: Pair;
  otherCA: Pair;
  etcd: string;
  main: Apiserver;
  startApiserver(prefix?: string, port?: number): Promise<Apiserver>;
  startControllerManager(federation: Apiserver, extra?: readonly string[]): Promise<Running & { port: number }>;
  controllerManagerEnv(): NodeJS.ProcessEnv;
  kubeconfig(server: string, user: object, ca?: string): string;
  stop(): Promise<void>;
}

const programs = (): { etcd: string; kubectl: string } => ({
  etcd: findProgram('etcd'),
  kubectl: isStandIn ? findProgram('kubectl') : '',
});

async function buildStandIn(): Promise<string> {
  const { code, output } = await runToEnd('make', ['-C', source, 'binaries']);
  if (code !== 0) throw new Error(`make binaries ended with ${code}: ${output.slice(-2_000)}`);
  return join(source, '_output', 'hyperkube');
}

async function startEtcd(program: string, folder: string): Promise<{ url: string; process: Running }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const flags = {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    'log-level': 'error',
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const started = start(program, [...args, '--unsafe-no-fsync']);
  await until('etcd answers', 20_000, async () => ((await fetch(`${url}/health`)).ok ? true : undefined));
  return { url, process: started };
}

/** Kubeconfig of one cluster and one user, as JSON. */
const kubeconfigOf = (server: string, user: object, ca: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'it',
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    clusters: [{ name: 'it', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'it', user }],
  });

/** Token and CA of a pod; `made` is the first folder that had to be made for it. Throws when there is one already. */
function writeAccount(folder: string, ca: Pair): { account: string; made: string } {
  // A foreign binary reads a pod's token from the one place where the kubelet puts it.
  const account = isStandIn ? join(folder, 'account') : '/var/run/secrets/kubernetes.io/serviceaccount';
  const made = mkdirSync(account, { recursive: true });
  if (!made) throw new Error(`${account} exists: run the suite where no pod's own account can be overwritten`);
  writeFileSync(join(account, 'token'), tokens.admin);
  writeFileSync(join(account, 'ca.crt'), read(ca.cert));
  return { account, made };
}

/** Builds and starts what the suite needs: etcd, one API server; all on loopback. */
export async function createWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'fedctl-contract-'));
  const stops: (() => Promise<unknown>)[] = [];
  const [{ etcd: etcdProgram, kubectl }, binary] = [programs(), await (foreign ?? buildStandIn())];
  const ca = makeCA(folder, 'ca');
  const server = makeCertificate(folder, 'server', ca);
  const fcp = join(folder, 'fcp');
  symlinkSync(binary, fcp);
  const etcd = await startEtcd(etcdProgram, folder);
  stops.push(() => etcd.process.stop('SIGKILL'));
  writeFileSync(join(folder, 'tokens.csv'), `${tokens.admin},admin,admin,"system:masters,others"\n`);
  writeFileSync(join(folder, 'basic.csv'), `contract-password,admin,admin\n`);
  const { account, made } = writeAccount(folder, ca);

  const startApiserver = async (prefix = '/registry', wanted?: number): Promise<Apiserver> => {
    const port = wanted ?? (await freePort());
    const late = basename(binary) === 'fcp';
    const flags = {
      'bind-address': '127.0.0.1',
      'secure-port': port,
      'advertise-address': '127.0.0.1',
      'etcd-servers': etcd.url,
      'etcd-prefix': prefix,
      'client-ca-file': ca.cert,
      'tls-cert-file': server.cert,
      'tls-private-key-file': server.key,
      'token-auth-file': join(folder, 'tokens.csv'),
      'basic-auth-file': join(folder, 'basic.csv'),
      [late ? 'enable-admission-plugins' : 'admission-control']: 'NamespaceLifecycle',
      ...(late ? {} : { 'service-cluster-ip-range': '10.0.0.0/16' }),
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const process = start(binary, ['federation-apiserver', ...args, '--v=2']);
    stops.push(() => process.stop());
    const endpoint: Endpoint = { port, ca: read(ca.cert), token: tokens.admin };
    await until('federation-apiserver answers /healthz', 60_000, async () => {
      if (process.hasExited()) throw new Error(process.output());
      return (await send(endpoint, '/healthz')).text === 'ok' ? true : undefined;
    });
    return { endpoint, process };
  };

  const main = await startApiserver();
  const controllerManagerEnv = (): NodeJS.ProcessEnv => ({
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(main.endpoint.port),
    POD_NAMESPACE: namespace,
    STANDIN_SERVICE_ACCOUNT_DIR: account,
  });
  const kubeconfig: World['kubeconfig'] = (address, user, trusted = read(ca.cert)) =>
    kubeconfigOf(address, user, trusted);

  const startControllerManager: World['startControllerManager'] = async (federation, extra = []) => {
    const port = await freePort();
    const master = `https://127.0.0.1:${federation.endpoint.port}`;
    const file = join(folder, `controller-manager-${port}.kubeconfig`);
    writeFileSync(file, kubeconfig('https://unused.invalid', { token: tokens.admin }));
    const args = [
      `--master=${master}`,
      `--kubeconfig=${file}`,
      '--controllers=service-dns=false',
      '--address=127.0.0.1',
    ];
    const period = ['--cluster-monitor-period=1s', `--port=${port}`];
    const process = start(
      binary,
      ['federation-controller-manager', ...args, ...period, ...extra],
      controllerManagerEnv(),
    );
    stops.push(() => process.stop());
    return { ...process, port };
  };

  return {
    folder,
    binary,
    fcp,
    kubectl,
    ca,
    otherCA: makeCA(folder, 'other-ca'),
    etcd: etcd.url,
    main,
    startApiserver,
    startControllerManager,
    controllerManagerEnv,
    kubeconfig,
    stop: async () => {
      for (const stop of stops.reverse()) await stop();
      rmSync(made, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
