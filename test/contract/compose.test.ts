import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

interface Model {
  services: Record<
    string,
    {
      environment?: Record<string, string>;
      ports?: { host_ip: string; published: string; target: number }[];
      volumes?: { type: string; source: string; target: string; read_only?: boolean }[];
    }
  >;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const compose = join(root, 'docker-compose.yml');
/** Building the loader from cold takes a minute. */
const buildMs = 300_000;

describe('docker-compose.yml, as the loader of Docker Compose reads it', () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedctl-compose-'));
    program = join(folder, 'compose-check');
    const cwd = join(root, 'tools/compose-check');
    await promisify(execFile)('go', ['build', '-o', program, '.'], { cwd });
  }, buildMs);
  afterAll(() => rm(folder, { recursive: true }));

  const load = async (file: string, env: Record<string, string> = {}): Promise<Model> => {
    const given = { PATH: process.env['PATH'] ?? '', HOME: '/home/somebody', ...env };
    const { stdout } = await promisify(execFile)(program, [file], { env: given });
    return JSON.parse(stdout) as Model;
  };

  it('is a Compose file whose services, volumes and files fit together', async () => {
    const { services } = await load(compose);
    expect(Object.keys(services).sort()).toEqual([
      'postgresql',
      'temporal',
      'temporal-schema',
      'temporal-setup',
      'temporal-ui',
      'worker',
    ]);
    expect(services['worker']?.environment).toMatchObject({ FEDCTL_TASK_QUEUE: 'fedctl' });
    expect(services['worker']?.volumes).toContainEqual(
      expect.objectContaining({ type: 'bind', source: '/home/somebody/.kube/config', read_only: true }),
    );
    const open = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(open.map(({ host_ip: ip, published }) => `${ip}:${published}`).sort()).toEqual([
      '127.0.0.1:7233',
      '127.0.0.1:8233',
    ]);
  });

  it('takes password, queue and kubeconfig from the shell', async () => {
    const { services } = await load(compose, {
      FEDCTL_DB_PASSWORD: 'another',
      FEDCTL_TASK_QUEUE: 'mine',
      FEDCTL_KUBECONFIG: '/srv/kubeconfig',
      // Of somebody's shell: must not come between the database and those who log in to it.
      POSTGRES_PASSWORD: 'stray',
    });
    expect(services['postgresql']?.environment?.['POSTGRES_PASSWORD']).toBe('another');
    expect(services['temporal']?.environment?.['POSTGRES_PWD']).toBe('another');
    expect(services['temporal-schema']?.environment?.['SQL_PASSWORD']).toBe('another');
    expect(services['worker']?.environment?.['FEDCTL_TASK_QUEUE']).toBe('mine');
    expect(services['worker']?.volumes).toContainEqual(expect.objectContaining({ source: '/srv/kubeconfig' }));
  });

  it('would be refused with a key, a service or a volume that is not there', async () => {
    const text = await readFile(compose, 'utf8');
    const file = join(folder, 'docker-compose.yml');
    const broken = async (from: string, to: string): Promise<string> => {
      expect(text).toContain(from);
      await writeFile(file, text.replace(from, to));
      return load(file).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    };
    expect(await broken('healthcheck:', 'healthchecks:')).toContain('healthchecks');
    expect(await broken('      temporal-setup:\n', '      temporal-set-up:\n')).toContain('temporal-set-up');
    expect(await broken('  worker-state:\n', '')).toContain('worker-state');
  });
});
