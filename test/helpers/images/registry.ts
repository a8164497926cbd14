import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../kubernetes/certificate.ts';

/** The real registry of Debian's docker-registry, on a loopback port. */
export interface Registry {
  /** host:port. */
  name: string;
  /** PEM of its own CA, with `tls`. */
  caFile: string;
  /** Puts an image without layers there, for amd64 unless told otherwise; answers its digest. */
  put(repository: string, tag: string, architecture?: string): Promise<string>;
  /** Puts an index of images for these architectures there; answers the digest of the index. */
  putIndex(repository: string, tag: string, architectures: readonly string[]): Promise<string>;
  /** Status and digest of a manifest. */
  head(repository: string, reference: string): Promise<{ status: number; digest: string | undefined }>;
  /** Lines of its access log that match. */
  requests(pattern: RegExp): string[];
  stop(): Promise<void>;
}

/** The registry answers 404 for a manifest whose type was not asked for. */
const accept =
  'application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const indexType = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** Who may do anything at a registry with `auth`. */
export const account = { user: 'tester', password: 'pa55-word-of-test' };
/** bcrypt of that password. */
const hashed = '$2y$05$abcdefghijklmnopqrstuunR0JWalMoinQDEdbtCwz8MHswik321K';

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

export async function startRegistry(given: { auth?: boolean; tls?: boolean } = {}): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'fedctl-registry-'));
  const port = await freePort();
  const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
  if (given.tls) makeCertificate(certificate, key);
  writeFileSync(join(folder, 'htpasswd'), `${account.user}:${hashed}\n`);
  const config = {
    version: '0.1',
    log: { accesslog: { disabled: false }, level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, ...(given.tls ? { tls: { certificate, key } } : {}) },
    ...(given.auth ? { auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } } } : {}),
  };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  let log = '';
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));

  const authorization = `Basic ${Buffer.from(`${account.user}:${account.password}`).toString('base64')}`;
  const ask = (method: string, path: string, body?: Buffer, type = 'application/octet-stream') =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      const headers = { authorization, accept, ...(body ? { 'content-type': type } : {}) };
      const options = { method, headers, rejectUnauthorized: false };
      const url = path.startsWith('http') ? path : `${given.tls ? 'https' : 'http'}://127.0.0.1:${port}${path}`;
      const request = (given.tls ? https : http).request(url, options, (response) => {
        response.resume();
        response.on('end', () => resolve(response));
      });
      request.on('error', reject);
      request.end(body);
    });
  for (const until = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (await ask('GET', '/v2/').then(() => true, () => false)) break; // prettier-ignore
    if (Date.now() > until) throw new Error(`no registry: ${log}`);
  }

  const digestOf = (body: Buffer): string => `sha256:${createHash('sha256').update(body).digest('hex')}`;
  const putManifest = async (repository: string, tag: string, mediaType: string, body: object) => {
    const manifest = Buffer.from(JSON.stringify(body));
    const { statusCode } = await ask('PUT', `/v2/${repository}/manifests/${tag}`, manifest, mediaType);
    if (statusCode !== 201) throw new Error(`manifest: ${statusCode}`);
    return { digest: digestOf(manifest), size: manifest.length };
  };
  const put = async (repository: string, tag: string, architecture: string) => {
    const config = Buffer.from(JSON.stringify({ architecture, os: 'linux', config: { tag, repository } }));
    const started = await ask('POST', `/v2/${repository}/blobs/uploads/`);
    const location = started.headers.location ?? '';
    await ask('PUT', `${location}${location.includes('?') ? '&' : '?'}digest=${digestOf(config)}`, config);
    const mediaType = 'application/vnd.docker.container.image.v1+json';
    const image = { mediaType, size: config.length, digest: digestOf(config) };
    return putManifest(repository, tag, manifestType, {
      schemaVersion: 2,
      mediaType: manifestType,
      config: image,
      layers: [],
    });
  };
  return {
    name: `127.0.0.1:${port}`,
    caFile: certificate,
    put: async (repository, tag, architecture = 'amd64') => (await put(repository, tag, architecture)).digest,
    putIndex: async (repository, tag, architectures) => {
      const manifests = [];
      for (const architecture of architectures) {
        const image = await put(repository, `${tag}-${architecture}`, architecture);
        manifests.push({ mediaType: manifestType, ...image, platform: { os: 'linux', architecture } });
      }
      return (await putManifest(repository, tag, indexType, { schemaVersion: 2, mediaType: indexType, manifests }))
        .digest;
    },
    head: async (repository, reference) => {
      const { statusCode = 0, headers } = await ask('HEAD', `/v2/${repository}/manifests/${reference}`);
      return { status: statusCode, digest: headers['docker-content-digest'] as string | undefined };
    },
    requests: (pattern) => log.split('\n').filter((line) => pattern.test(line)),
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
