import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Debian's docker-registry on a loopback port, empty but for what is put there. */
export interface Registry {
  /** host:port. */
  name: string;
  /** Puts an image without layers there, for amd64. */
  put(repository: string, tag: string): Promise<void>;
  /** Ends it, and removes what it stored. */
  stop(): Promise<void>;
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const configType = 'application/vnd.docker.container.image.v1+json';

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Throws an Error when the registry refuses. */
async function ask(method: string, url: string, body?: string, type = 'application/octet-stream'): Promise<Response> {
  const answer = await fetch(url, { method, ...(body ? { body, headers: { 'content-type': type } } : {}) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function put(base: string, repository: string, tag: string): Promise<void> {
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', config: {} });
  const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`;
  const started = await ask('POST', `${base}/v2/${repository}/blobs/uploads/`);
  const upload = new URL(started.headers.get('location') ?? '', base);
  upload.searchParams.set('digest', digest);
  await ask('PUT', upload.href, config);
  const image = { mediaType: configType, size: config.length, digest };
  const manifest = { schemaVersion: 2, mediaType: manifestType, config: image, layers: [] };
  await ask('PUT', `${base}/v2/${repository}/manifests/${tag}`, JSON.stringify(manifest), manifestType);
}

/** Starts one; throws with its own words when it does not answer within a minute. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'fedctl-registry-'));
  const name = `127.0.0.1:${await freePort()}`;
  const config = {
    version: '0.1',
    log: { accesslog: { disabled: true }, level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: name },
  };
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const base = `http://${name}`;
  for (const end = Date.now() + 60_000; ; await delay(50)) {
    if (await ask('GET', `${base}/v2/`).catch(() => undefined)) break;
    if (Date.now() > end) throw new Error(`no registry: ${said}`);
  }
  return {
    name,
    put: (repository, tag) => put(base, repository, tag),
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
