import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { registries } from '../../../../activities/clients/registry/registry.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../../../helpers/faults/proxy.ts';
import { imageRun, type ImageRun } from '../../../helpers/images/image-run.ts';
import { imageWorld, type ImageWorld } from '../../../helpers/images/image-world.ts';
import { failureOf } from '../../../helpers/kubernetes/member-world.ts';
import { account, type Registry, startRegistry } from '../../../helpers/images/registry.ts';

/** A real registry and real pushes of buildah, with faults between them. */
let machine: ImageWorld;
let open: Registry;
let closed: Registry;
let proxy: FaultProxy;
let run: ImageRun;

beforeAll(async () => {
  machine = imageWorld();
  [open, closed] = await Promise.all([startRegistry(), startRegistry({ auth: true })]);
  await open.put('etcd', '3.6.8');
  run = imageRun(machine);
}, 60_000);
afterEach(() => proxy?.stop());
afterAll(async () => {
  await Promise.all([open?.stop(), closed?.stop()]);
  machine?.remove();
});

const behindProxy = async (): Promise<string> => {
  proxy = await startFaultProxy(`http://${open.name}`);
  return new URL(proxy.url).host;
};
const specOf = (registry: string, push: object = {}, source = machine.source()): object => ({
  etcd: { image: `${open.name}/etcd:3.6.8` },
  build: { source, binaries: ['true'], engine: 'buildah', push: { registry, ...push } },
  insecureRegistries: [open.name, closed.name, registry],
});
const failed = (promise: Promise<unknown>) => failureOf(promise as Promise<never>);
const answer = (status: number, code: string, message: string, headers = {}): Fault => ({
  status,
  headers,
  body: JSON.stringify({ errors: [{ code, message }] }),
});
const many = (fault: Fault): Fault[] => Array.from({ length: 12 }, () => fault);

describe('preflight finds a registry that', () => {
  it.each([
    ['denies, 401', answer(401, 'UNAUTHORIZED', 'who are you'), 'REGISTRY_DENIED', true],
    ['denies, 403', answer(403, 'DENIED', 'not you'), 'REGISTRY_DENIED', true],
    ['is read-only', answer(405, 'UNSUPPORTED', 'the operation is unsupported'), 'REGISTRY_READ_ONLY', true],
    ['is read-only by its words', answer(403, 'DENIED', 'system is in read only mode'), 'REGISTRY_READ_ONLY', true],
    ['makes no repositories', answer(404, 'NAME_UNKNOWN', 'create it first'), 'REPOSITORY_MISSING', true],
    ['asks to slow down', answer(429, 'TOOMANYREQUESTS', 'slowly', { 'retry-after': '7' }), 'RATE_LIMITED', false],
    ['fails', answer(500, 'UNKNOWN', 'disk is full'), 'SERVER_ERROR', false],
    ['breaks off', 'reset' as const, 'UNREACHABLE', false],
  ])('%s', async (_what, fault, type, nonRetryable) => {
    const registry = await behindProxy();
    const spec = specOf(registry);
    proxy.fail('POST /blobs/uploads/', fault);
    const failure = await failed(run.checkBuild(spec));
    expect(failure).toMatchObject({ type, nonRetryable });
    expect(failure.message).toContain(registry);
    if (typeof fault === 'object')
      expect(failure.message).toContain(
        (JSON.parse(fault.body) as { errors: { message: string }[] }).errors[0]!.message,
      );
    expect((await run.checkBuild(spec)).outcome).toBe('done'); // fixed
  });
});

describe('a push', () => {
  /** Builds, makes the push fail, and holds that nothing stands under the tag until a later push succeeds. */
  async function failsAndRecovers(break_: () => void, registry: string, type: string, words: RegExp): Promise<void> {
    const spec = specOf(registry);
    const { facts } = await run.build(spec);
    break_();
    const failure = await failed(run.push(spec, facts));
    expect(failure).toMatchObject({ type });
    expect(failure.message).toMatch(words);
    expect((await open.head('hyperkube-amd64', facts.tag)).status).toBe(404);
    await proxy.stop();
    // Fixed: the same registry behind a proxy that breaks nothing; the port is another, so is the name.
    const fixed = await behindProxy();
    const pushed = await run.push(
      { ...specOf(fixed), build: { ...(spec as { build: object }).build, push: { registry: fixed } } },
      facts,
    );
    expect(pushed.outcome).toBe('created');
    expect((await open.head('hyperkube-amd64', facts.tag)).digest).toBe(pushed.facts.digest);
  }

  it.each([
    ['500 in the middle of a blob', 'PATCH', answer(500, 'UNKNOWN', 'disk is full'), 'PUSH_FAILED', /500|disk is full/],
    ['500 at its end', 'PUT /blobs/', answer(500, 'UNKNOWN', 'disk is full'), 'PUSH_FAILED', /500|disk is full/],
    [
      '500 at the manifest',
      'PUT /manifests/',
      answer(500, 'UNKNOWN', 'disk is full'),
      'PUSH_FAILED',
      /500|disk is full/,
    ],
    ['a broken connection', 'PATCH', 'reset' as const, 'PUSH_FAILED', /reset|EOF|broken|closed network connection/],
    ['403 at the manifest', 'PUT /manifests/', answer(403, 'DENIED', 'not you'), 'REGISTRY_DENIED', /denied/],
    [
      'read-only from then on',
      'POST /blobs/uploads/',
      answer(405, 'UNSUPPORTED', 'the operation is unsupported'),
      'REGISTRY_READ_ONLY',
      /405/,
    ],
  ])(
    '%s',
    async (_what, request, fault, type, words) => {
      const registry = await behindProxy();
      await failsAndRecovers(() => proxy.fail(request, ...many(fault)), registry, type, words);
    },
    90_000,
  );

  it('says that the registry is down, and goes on when it is up', async () => {
    const registry = await behindProxy();
    const spec = specOf(registry);
    const { facts } = await run.build(spec);
    await proxy.stop();
    expect(await failed(run.push(spec, facts))).toMatchObject({
      type: 'UNREACHABLE',
      nonRetryable: false,
      message: expect.stringContaining(registry),
    });
  }, 60_000);

  it('is not believed when the registry has another digest than was pushed', async () => {
    const registry = await behindProxy();
    const spec = specOf(registry);
    const { facts } = await run.build(spec);
    const wrong = `sha256:${'b'.repeat(64)}`;
    const headers = { 'docker-content-digest': wrong, 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
    // The first look finds nothing; buildah itself asks with GET, so the next HEAD of a manifest is the look afterwards.
    proxy.fail('HEAD /manifests/', answer(404, 'MANIFEST_UNKNOWN', ''), { status: 200, body: '', headers });
    expect(await failed(run.push(spec, facts))).toMatchObject({
      type: 'DIGEST_MISMATCH',
      nonRetryable: true,
      message: expect.stringContaining(wrong),
    });
    expect((await run.push(spec, facts)).outcome).toBe('kept'); // the registry tells the truth again
  }, 60_000);
});

describe('a tag that may not change', () => {
  const immutable = answer(400, 'TAG_INVALID', 'tag v1 is immutable and cannot be overwritten');

  it('is kept when a retry finds its own image there', async () => {
    const registry = await behindProxy();
    const spec = specOf(registry, { tag: 'v1-lost' });
    const { facts } = await run.build(spec);
    const first = await run.push(spec, facts); // its answer was lost
    proxy.fail('PUT /manifests/', ...many(immutable));
    const puts = (): number => proxy.requests.filter((line) => line.startsWith('PUT')).length;
    const before = puts();
    expect(await run.push(spec, facts)).toMatchObject({ outcome: 'kept', facts: first.facts });
    expect(puts()).toBe(before);
  }, 60_000);

  it('is an error of its own when another image stands there', async () => {
    const registry = await behindProxy();
    const digest = await open.put('hyperkube-amd64', 'v1-taken');
    const spec = specOf(registry, { tag: 'v1-taken' });
    const { facts } = await run.build(spec);
    proxy.fail('PUT /manifests/', ...many(immutable));
    const failure = await failed(run.push(spec, facts));
    expect(failure).toMatchObject({ type: 'TAG_IMMUTABLE', nonRetryable: true });
    expect(failure.message).toContain('immutable');
    expect((await open.head('hyperkube-amd64', 'v1-taken')).digest).toBe(digest);
  }, 60_000);
});

describe('a login that a credential helper keeps', () => {
  it('is what buildah pushes with, and is left nowhere', async () => {
    const bin = mkdtempSync(join(machine.folder, 'bin-'));
    const secret = JSON.stringify({ ServerURL: closed.name, Username: account.user, Secret: account.password });
    writeFileSync(join(bin, 'answer'), secret);
    const script = `#!/bin/sh\nread server\n[ "$server" = "${closed.name}" ] && exec cat ${bin}/answer\nexit 1\n`;
    writeFileSync(join(bin, 'docker-credential-vault'), script, { mode: 0o755 });
    writeFileSync(join(bin, 'config.json'), JSON.stringify({ credsStore: 'vault' }));
    const helped = imageRun(machine, { DOCKER_CONFIG: bin, PATH: `${bin}:${process.env['PATH']}` });
    const spec = specOf(closed.name);
    expect((await helped.checkBuild(spec)).outcome).toBe('done');
    const { facts } = await helped.build(spec);
    const pushed = await helped.push(spec, facts);
    expect((await closed.head('hyperkube-amd64', facts.tag)).digest).toBe(pushed.facts.digest);
    const left = readdirSync(helped.stateFolder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(left.length).toBeGreaterThan(0); // logs, which hold no password
    for (const file of left) {
      const text = readFileSync(join(file.parentPath, file.name), 'utf8');
      expect(text).not.toContain(account.password);
      expect(text).not.toContain(Buffer.from(`${account.user}:${account.password}`).toString('base64'));
    }
  }, 60_000);
});

describe('an image for many machines', () => {
  const spec = (version: string): object => {
    const image = { registry: `${open.name}/many`, name: 'hyperkube', version };
    const etcd = { image: `${open.name}/etcd:3.6.8` };
    return { apiserver: image, controllerManager: image, etcd, insecureRegistries: [open.name] };
  };

  it('is pinned by the digest of its index, which is good for all of them', async () => {
    const digest = await open.putIndex('many/hyperkube', 'v1', ['arm64', 'amd64']);
    const { facts } = await run.check(spec('v1'));
    expect(facts.apiserver).toBe(`${open.name}/many/hyperkube:v1@${digest}`);
    expect((await open.head('many/hyperkube', 'v1')).digest).toBe(digest);
  });

  it('tells the machines that it is for', async () => {
    const digest = await open.putIndex('many/hyperkube', 'v2', ['arm64', 's390x']);
    const client = registries({ isInsecure: () => true, caFile: undefined, credentials: async () => undefined });
    const reference = { registry: open.name, repository: 'many/hyperkube', tag: 'v2' };
    expect(await client.platformsOf(reference, digest)).toEqual(['linux/arm64', 'linux/s390x']);
  });
});

describe('a docker that does not know the CA of a registry', () => {
  it('is found in preflight, until the CA is where docker looks for it', async () => {
    const tls = await startRegistry({ tls: true });
    // By a name that is not of loopback, where docker asks for no certificate.
    const registry = tls.name.replace('127.0.0.1', '0.0.0.0');
    const bin = mkdtempSync(join(machine.folder, 'bin-'));
    writeFileSync(join(bin, 'docker'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const worker = imageRun(machine, { PATH: bin, HOME: bin });
    const build = { source: machine.source(), binaries: ['true'], engine: 'docker', push: { registry } };
    const etcd = { image: `${open.name}/etcd:3.6.8` };
    const spec = { etcd, build, caFile: tls.caFile, insecureRegistries: [open.name] };
    try {
      expect(await failed(worker.checkBuild(spec))).toMatchObject({ type: 'ENGINE_CA', nonRetryable: true });
      const folder = join(bin, '.docker', 'certs.d', registry);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'ca.crt'), readFileSync(tls.caFile));
      expect((await worker.checkBuild(spec)).note).toContain('docker will build');
    } finally {
      await tls.stop();
    }
  }, 60_000);
});
