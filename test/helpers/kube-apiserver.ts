import { type ChildProcess, spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KubeApiserver {
  kubeconfig: string;
  context: string;
  stop(): Promise<void>;
  auditLog: string;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

export async function startKubeApiserver(): Promise<KubeApiserver> {
  const bin = process.env['FEDCTL_BIN'] ?? '/tmp/bin';
  const dir = mkdtempSync(join(tmpdir(), 'fedctl-apiserver-'));
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
  const children: ChildProcess[] = [];
  children.push(
    spawn(
      join(bin, 'etcd'),
      [
        '--data-dir',
        join(dir, 'etcd'),
        '--listen-client-urls',
        `http://127.0.0.1:${client}`,
        '--advertise-client-urls',
        `http://127.0.0.1:${client}`,
        '--listen-peer-urls',
        `http://127.0.0.1:${peer}`,
        '--initial-advertise-peer-urls',
        `http://127.0.0.1:${peer}`,
        '--initial-cluster',
        `default=http://127.0.0.1:${peer}`,
        '--unsafe-no-fsync',
      ],
      { stdio: 'ignore' },
    ),
  );
  execFileSync('openssl', ['genrsa', '-out', join(dir, 'sa.key'), '2048'], { stdio: 'ignore' });
  writeFileSync(join(dir, 'tokens.csv'), 'admin-token,admin,admin,"system:masters"\nweak-token,weak,weak\n');
  writeFileSync(join(dir, 'audit.yaml'), 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n');
  children.push(
    spawn(
      join(bin, 'kube-apiserver'),
      [
        `--etcd-servers=http://127.0.0.1:${client}`,
        `--secure-port=${port}`,
        '--bind-address=127.0.0.1',
        `--cert-dir=${join(dir, 'certs')}`,
        `--token-auth-file=${join(dir, 'tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.0.0.0/24',
        '--service-account-issuer=https://fake',
        `--service-account-signing-key-file=${join(dir, 'sa.key')}`,
        `--service-account-key-file=${join(dir, 'sa.key')}`,
        '--disable-admission-plugins=ServiceAccount',
        `--audit-policy-file=${join(dir, 'audit.yaml')}`,
        `--audit-log-path=${join(dir, 'audit.log')}`,
      ],
      { stdio: 'ignore' },
    ),
  );
  const healthy = (): Promise<boolean> =>
    new Promise((resolve) => {
      https
        .get(
          {
            host: '127.0.0.1',
            port,
            path: '/readyz',
            rejectUnauthorized: false,
            headers: { authorization: 'Bearer admin-token' },
          },
          (r) => {
            r.resume();
            resolve(r.statusCode === 200);
          },
        )
        .on('error', () => resolve(false));
    });
  const until = Date.now() + 60_000;
  while (!(await healthy())) {
    if (Date.now() > until) throw new Error('no apiserver');
    await new Promise((r) => setTimeout(r, 200));
  }
  const ca = readFileSync(join(dir, 'certs', 'apiserver.crt')).toString('base64');
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca } }],
      users: [{ name: 'admin', user: { token: 'admin-token' } }],
      contexts: [{ name: 'admin', context: { cluster: 'c', user: 'admin' } }],
      'current-context': 'admin',
    }),
  );
  return {
    kubeconfig,
    context: 'admin',
    auditLog: join(dir, 'audit.log'),
    stop: async () => {
      for (const c of children.reverse()) {
        c.kill('SIGKILL');
        await new Promise((r) => c.once('exit', r));
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
