import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs, freePort, type Program, startProgram } from '../common/processes.ts';
import { findProgram } from '../common/programs.ts';
import { freshKeys, type Keys, putBack } from './etcd-keys.ts';

/** A real kube-apiserver on an etcd of its own, on loopback; tokens `admin-token` (all rights) and `weak-token` (none). */
export interface KubeApiserver {
  kubeconfig: string;
  context: string;
  /** Gives it back. Nothing that was made in it is there for whoever gets it next; its audit log goes on. */
  stop(): Promise<void>;
  auditLog: string;
}

/** One that runs, with what its etcd held when it was new. */
interface Running extends Omit<KubeApiserver, 'stop'> {
  etcd: string;
  fresh: Keys;
  end(): Promise<void>;
}

const flagsOf = (flags: Record<string, string>): string[] =>
  Object.entries(flags).map(([name, value]) => `--${name}=${value}`);

async function startEtcd(dir: string): Promise<{ url: string; program: Program }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const flags = {
    'data-dir': join(dir, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
  };
  const argv = [findProgram('etcd'), ...flagsOf(flags), '--unsafe-no-fsync'];
  return { url, program: await startProgram(argv, async () => (await fetch(`${url}/health`)).ok) };
}

function writeCredentials(dir: string): void {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  writeFileSync(join(dir, 'sa.key'), privateKey);
  writeFileSync(join(dir, 'tokens.csv'), 'admin-token,admin,admin,"system:masters"\nweak-token,weak,weak\n');
  writeFileSync(join(dir, 'audit.yaml'), 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n');
}

/** Whether /readyz says 200; the server's certificate is one it made for itself. */
const isReady = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const headers = { authorization: 'Bearer admin-token' };
    const request = { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, headers };
    https
      .get(request, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      })
      .on('error', () => resolve(false));
  });

function writeKubeconfig(dir: string, port: number): string {
  const ca = readFileSync(join(dir, 'certs', 'apiserver.crt')).toString('base64');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca } }],
    users: [{ name: 'admin', user: { token: 'admin-token' } }],
    contexts: [{ name: 'admin', context: { cluster: 'c', user: 'admin' } }],
    'current-context': 'admin',
  };
  const file = join(dir, 'kubeconfig');
  writeFileSync(file, JSON.stringify(kubeconfig));
  return file;
}

async function start(): Promise<Running> {
  const dir = mkdtempSync(join(tmpdir(), 'fedctl-apiserver-'));
  const etcd = await startEtcd(dir);
  const port = await freePort();
  writeCredentials(dir);
  const key = join(dir, 'sa.key');
  const flags = {
    'etcd-servers': etcd.url,
    'secure-port': String(port),
    'bind-address': '127.0.0.1',
    'cert-dir': join(dir, 'certs'),
    'token-auth-file': join(dir, 'tokens.csv'),
    'authorization-mode': 'RBAC',
    'service-cluster-ip-range': '10.0.0.0/24',
    'service-account-issuer': 'https://fake',
    'service-account-signing-key-file': key,
    'service-account-key-file': key,
    'disable-admission-plugins': 'ServiceAccount',
    'audit-policy-file': join(dir, 'audit.yaml'),
    'audit-log-path': join(dir, 'audit.log'),
  };
  const end = async (...programs: Program[]): Promise<void> => {
    for (const program of programs) await program.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  let apiserver: Program;
  try {
    apiserver = await startProgram([findProgram('kube-apiserver'), ...flagsOf(flags)], () => isReady(port), 110_000);
  } catch (error) {
    await end(etcd.program);
    throw error;
  }
  endWithUs([apiserver, etcd.program], dir);
  return {
    kubeconfig: writeKubeconfig(dir, port),
    context: 'admin',
    auditLog: join(dir, 'audit.log'),
    etcd: etcd.url,
    fresh: await freshKeys(etcd.url),
    end: () => end(apiserver, etcd.program),
  };
}

/** Those that no file of this process uses: one costs seconds to start, and next to nothing to keep. */
const idle: Running[] = [];

/**
 * One for the file that calls it: one that another file has given back, as it was when it was new, or a new one. They end
 * with this process. Throws with the server's own words when it does not come up.
 */
export async function startKubeApiserver(): Promise<KubeApiserver> {
  const running = idle.pop() ?? (await start());
  const { kubeconfig, context, auditLog } = running;
  let over = false;
  const stop = async (): Promise<void> => {
    if (over) return;
    over = true;
    try {
      await putBack(running.etcd, running.fresh);
      idle.push(running);
    } catch {
      await running.end();
    }
  };
  return { kubeconfig, context, auditLog, stop };
}
