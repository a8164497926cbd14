import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { activityEnvironment } from '../helpers/activity-environment.ts';
import { kubeClients } from '../../activities/clients/kube.ts';
import type { KubeObject } from '../../activities/clients/kube-port.ts';
import { builderId } from '../../activities/build-host.ts';
import { lockFileOf } from '../../activities/build-lock.ts';
import { imagesRecordActivities } from '../../activities/images-record.ts';
import { imagesActivities } from '../../activities/images.ts';
import { readRecord } from '../../activities/record.ts';
import type { CallOf } from '../../src/plan/call-of.ts';
import { names } from '../../src/plan/names.ts';
import type { HostStepId } from '../../src/plan/steps.ts';
import { hostWorld, type HostWorld } from '../helpers/host-world.ts';
import { imagesSpec, imageWorld, type ImageWorld } from '../helpers/image-world.ts';
import { startKubeApiserver } from '../helpers/kube-apiserver.ts';
import { failureOf } from '../helpers/member-world.ts';
import { account, type Registry, startRegistry } from '../helpers/registry.ts';

let server: Awaited<ReturnType<typeof startKubeApiserver>>;
let open: Registry;
let closed: Registry;
let tls: Registry;
let machine: ImageWorld;
let world: HostWorld;
let images: ReturnType<typeof imagesActivities>;
let record: ReturnType<typeof imagesRecordActivities>;

beforeAll(async () => {
  machine = imageWorld();
  [server, open, closed, tls] = await Promise.all([
    startKubeApiserver(),
    startRegistry(),
    startRegistry({ auth: true }),
    startRegistry({ tls: true }),
  ]);
}, 120_000);
afterAll(async () => {
  await Promise.all([server?.stop(), open?.stop(), closed?.stop(), tls?.stop()]);
  machine?.remove();
});
beforeEach(async () => {
  world = await hostWorld(server);
  withEnv({});
});

/** The worker's environment of this test. */
function withEnv(env: NodeJS.ProcessEnv): void {
  const deps = { ...world.deps, env: { ...machine.env, ...env } };
  [images, record] = [imagesActivities(deps), imagesRecordActivities(deps)];
}

const insecure = (): string[] => [open.name, closed.name];
const call = <Id extends HostStepId>(step: Id, spec: object, facts: object = {}): CallOf<Id> =>
  world.call(step, { spec: { images: imagesSpec({ insecureRegistries: insecure(), ...spec }) }, facts });
const checkBuild = (spec: object, facts: object = {}) =>
  world.act(images.checkBuild, call('preflight/build', spec, facts));
const check = (spec: object) => world.act(images.checkImages, call('preflight/images', spec));
const buildSpec = (source: string, given: object = {}): object => ({
  build: { source, binaries: ['true'], engine: 'buildah', push: { registry: open.name }, ...given },
});
const binaries = (source: string, argv: string[]) =>
  world.act(images.buildBinaries, call('images/binaries', buildSpec(source, { binaries: argv })));
const build = (spec: object, facts: object = {}) => world.act(images.buildImage, call('images/build', spec, facts));
const push = (spec: object, facts: object) => world.act(images.pushImage, call('images/push', spec, facts));

/** Waits until something holds; for what other processes do, which on a busy machine take long to start. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > end) throw new Error(`not seen: ${what}`);
}
const pidIn = (file: string): number => Number(readFileSync(file, 'utf8').trim());
const hasPid = (file: string): boolean => existsSync(file) && readFileSync(file, 'utf8').trim() !== '';
/** Where a build of this source has its lock; the folder of it is there. */
async function lockIn(source: string): Promise<string> {
  const lock = await lockFileOf(world.deps.stateFolder, source);
  await binaries(source, ['test', '-e', lock]);
  return lock;
}
const isGone = (pid: number): boolean => {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return stat === '' || /\) Z /.test(stat);
};

/** The same registry under an address that nobody takes for loopback, though it leads there. */
const outside = (registry: Registry): Registry => ({
  ...registry,
  name: registry.name.replace('127.0.0.1', '0.0.0.0'),
});

describe('checkImages', () => {
  const official = (registry: Registry, version = 'v1.5.0'): object => {
    const image = { registry: `${registry.name}/official`, name: 'hyperkube-amd64', version };
    return { apiserver: image, controllerManager: image, etcd: { image: `${registry.name}/etcd:3.6.8` } };
  };
  beforeAll(async () => {
    for (const registry of [open, closed, tls]) {
      await registry.put('official/hyperkube-amd64', 'v1.5.0');
      await registry.put('etcd', '3.6.8');
    }
  });

  it('pins every image to the digest that its registry tells', async () => {
    const digest = (await open.head('official/hyperkube-amd64', 'v1.5.0')).digest;
    const etcd = (await open.head('etcd', '3.6.8')).digest;
    const { outcome, facts } = await check(official(open));
    const reference = `${open.name}/official/hyperkube-amd64:v1.5.0@${digest}`;
    expect(outcome).toBe('done');
    expect(facts).toEqual({
      apiserver: reference,
      controllerManager: reference,
      etcd: `${open.name}/etcd:3.6.8@${etcd}`,
      there: '',
      platforms: [],
    });
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('names the image that is missing', async () => {
    const image = `${open.name}/official/hyperkube-amd64:v9.9.9`;
    expect(await failureOf(check(official(open, 'v9.9.9')))).toMatchObject({
      type: 'IMAGE_NOT_FOUND',
      nonRetryable: true,
      message: expect.stringMatching(new RegExp(`${image}.*unknown`)), // the word of the registry
      data: { image },
    });
  });

  it('finds images at their mirror', async () => {
    const image = { registry: 'gcr.io/google_containers', name: 'hyperkube-amd64', version: 'v1.5.0' };
    const mirrors = { 'gcr.io/google_containers': `${open.name}/official`, 'quay.io/coreos': open.name };
    const etcd = { image: 'quay.io/coreos/etcd:3.6.8' };
    const { facts } = await check({ apiserver: image, controllerManager: image, etcd, mirrors });
    expect(facts.apiserver).toContain(`${open.name}/official/hyperkube-amd64:v1.5.0@sha256:`);
    expect(facts.etcd).toContain(`${open.name}/etcd:3.6.8@sha256:`);
  });

  it('is retried while a registry cannot be reached', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const name = `127.0.0.1:${(free.address() as AddressInfo).port}`;
    await new Promise((resolve) => free.close(resolve));
    const gone = official({ ...open, name });
    expect(await failureOf(check(gone))).toMatchObject({
      type: 'UNREACHABLE',
      nonRetryable: false,
      message: expect.stringContaining(name),
    });
  });

  it('does not speak plain HTTP with a registry that is not called insecure', async () => {
    const far = outside(open);
    const failed = await failureOf(check({ ...official(far), insecureRegistries: [] }));
    expect(failed).toMatchObject({ type: 'REGISTRY_TLS', nonRetryable: true });
    expect(failed.message).toContain(far.name);
    expect((await check({ ...official(far), insecureRegistries: [far.name] })).outcome).toBe('done');
  });

  it('speaks plain HTTP on loopback without being told, as engines do', async () => {
    expect((await check({ ...official(open), insecureRegistries: [] })).outcome).toBe('done');
  });

  it('trusts a registry by its CA file, or by the word insecure', async () => {
    const far = outside(tls);
    expect(await failureOf(check(official(far)))).toMatchObject({ type: 'REGISTRY_TLS', nonRetryable: true });
    expect((await check({ ...official(far), caFile: tls.caFile })).outcome).toBe('done');
    expect((await check({ ...official(far), insecureRegistries: [far.name] })).outcome).toBe('done');
  });

  it('is denied without credentials and with wrong ones, and never says them', async () => {
    expect(await failureOf(check(official(closed)))).toMatchObject({
      type: 'REGISTRY_DENIED',
      nonRetryable: true,
      data: { registry: closed.name, status: 401 },
    });
    const password = 'wrong-word-of-test';
    const fromDockerConfig = machine.dockerConfig({ [closed.name]: { user: account.user, password } });
    const failed = await failureOf(check({ ...official(closed), pullSecret: { fromDockerConfig } }));
    expect(failed.type).toBe('REGISTRY_DENIED');
    const encoded = Buffer.from(`${account.user}:${password}`).toString('base64');
    for (const secret of [password, encoded]) expect(JSON.stringify(failed)).not.toContain(secret);
  });

  it('takes credentials from the pull secret, and else from the logins of the worker', async () => {
    const file = machine.dockerConfig({ [`https://${closed.name}/`]: account });
    const result = await check({ ...official(closed), pullSecret: { fromDockerConfig: file } });
    expect(JSON.stringify(result)).not.toContain(account.password);
    withEnv({ REGISTRY_AUTH_FILE: file });
    expect((await check(official(closed))).facts).toEqual(result.facts);
  });

  describe('with a credential helper', () => {
    /** A config file that names a helper, and the helper on the PATH; it notes its arguments and knows one server. */
    function helper(config: object): { file: string; asked: string } {
      const bin = mkdtempSync(join(machine.folder, 'bin-'));
      const asked = join(bin, 'asked');
      const answer = JSON.stringify({ ServerURL: closed.name, Username: account.user, Secret: account.password });
      writeFileSync(join(bin, 'answer'), answer);
      const script = `#!/bin/sh\nread server\necho "$* $server" >> ${asked}\n[ "$server" = "${closed.name}" ] && exec cat ${bin}/answer\necho "credentials not found"; exit 1\n`;
      writeFileSync(join(bin, 'docker-credential-vault'), script, { mode: 0o755 });
      const file = join(bin, 'config.json');
      writeFileSync(file, JSON.stringify(config));
      withEnv({ REGISTRY_AUTH_FILE: file, PATH: `${bin}:${process.env['PATH']}` });
      return { file, asked };
    }

    it.each([
      ['of one registry', () => ({ credHelpers: { [closed.name]: 'vault' } })],
      ['of all', () => ({ credsStore: 'vault', auths: { [closed.name]: {} } })],
    ])('%s: it is told the server by standard input, and its secret is used', async (_what, config) => {
      const { asked } = helper(config());
      const result = await check(official(closed));
      expect(result.outcome).toBe('done');
      expect(JSON.stringify(result)).not.toContain(account.password);
      expect(new Set(readFileSync(asked, 'utf8').trim().split('\n'))).toEqual(new Set([`get ${closed.name}`]));
    });

    it('goes on without one that is missing, or knows nothing', async () => {
      const auth = Buffer.from(`${account.user}:${account.password}`).toString('base64');
      for (const credHelpers of [{ [closed.name]: 'absent' }, { [closed.name]: '../vault' }, {}]) {
        helper({ credHelpers, auths: { [closed.name]: { auth } } });
        expect((await check(official(closed))).outcome).toBe('done');
      }
      helper({ credHelpers: { [closed.name]: 'absent' } });
      expect(await failureOf(check(official(closed)))).toMatchObject({ type: 'REGISTRY_DENIED' });
    });
  });

  describe('on a host with nodes', () => {
    const ref = { apiVersion: 'v1', kind: 'Node', name: 'node-1' };
    let uid = '';
    beforeEach(async () => {
      const node: KubeObject = await world.host.create<KubeObject>({ ...ref, metadata: { name: ref.name } });
      uid = node.metadata.uid ?? '';
      await world.setStatus(node, { nodeInfo: nodeInfo('amd64') });
    });
    afterEach(() => world.host.remove(ref, { uid }));
    const nodeInfo = (architecture: string): object => ({
      architecture,
      operatingSystem: 'linux',
      bootID: '',
      containerRuntimeVersion: '',
      kernelVersion: '',
      kubeProxyVersion: '',
      kubeletVersion: '',
      machineID: '',
      osImage: '',
      systemUUID: '',
    });

    it('refuses an image that none of them could run, and tells their platforms', async () => {
      await open.put('official/hyperkube-amd64', 'v1.5.0-arm', 'arm64');
      expect(await failureOf(check(official(open, 'v1.5.0-arm')))).toMatchObject({
        type: 'IMAGE_PLATFORM',
        nonRetryable: true,
        message: expect.stringContaining('is for linux/arm64; the nodes are linux/amd64'),
      });
      const { facts, note } = await check(official(open));
      expect(facts.platforms).toEqual(['linux/amd64']);
      expect(note).not.toContain('not known');
    });
  });

  it('takes an image of any platform where the nodes are not known, and says so', async () => {
    await open.put('official/hyperkube-amd64', 'v1.5.0-arm', 'arm64');
    const { facts, note } = await check(official(open, 'v1.5.0-arm'));
    expect(facts).toMatchObject({ apiserver: expect.stringContaining(':v1.5.0-arm@sha256:'), platforms: [] });
    expect(note).toContain('which platforms the nodes have is not known');
  });

  it('has no use for etcd and nodes where images are pushed for no federation', async () => {
    const given = { ...official(open), etcd: { image: 'no-such-registry.invalid/etcd:1' }, ...buildSpec('/absent') };
    const asked = call<'preflight/images'>('preflight/images', given);
    const alone = { ...asked, run: { ...asked.run, imagesOnly: true } };
    expect((await world.act(images.checkImages, alone)).facts).toMatchObject({ etcd: '', platforms: [] });
  });

  it('takes the newest release that the registry lists where that is asked for, and says so', async () => {
    for (const tag of ['v1.9.0', 'v1.10.0', 'v1.11.0-beta.1', 'zebra']) await open.put('released/hyperkube-amd64', tag);
    const image = { registry: `${open.name}/released`, name: 'hyperkube-amd64', version: 'newest' };
    const given = { ...official(open), apiserver: image, controllerManager: image };
    const { facts, note } = await check(given);
    expect(facts.apiserver).toContain(`${open.name}/released/hyperkube-amd64:v1.10.0@sha256:`);
    expect(note).toMatch(/^the newest version there is: .*:v1\.10\.0@/);
    // A tag of that name is no version: it may be of any age.
    await open.put('released/hyperkube-amd64', 'latest');
    expect((await check(given)).facts.apiserver).toContain('hyperkube-amd64:v1.10.0@sha256:');
    expect((await check(official(open))).note).not.toContain('newest');
  });

  it('takes latest for what it says: that tag, and no other', async () => {
    await open.put('versions/hyperkube-amd64', 'v1.0.0');
    const image = { registry: `${open.name}/versions`, name: 'hyperkube-amd64', version: 'latest' };
    const given = { ...official(open), apiserver: image, controllerManager: image };
    expect(await failureOf(check(given))).toMatchObject({
      type: 'IMAGE_NOT_FOUND',
      data: { image: `${open.name}/versions/hyperkube-amd64:latest` },
    });
    await open.put('unversioned/hyperkube-amd64', 'latest');
    const only = { ...image, registry: `${open.name}/unversioned`, version: 'newest' };
    const { facts } = await check({ ...given, apiserver: only, controllerManager: only });
    expect(facts.apiserver).toContain('unversioned/hyperkube-amd64:latest@sha256:');
  });

  it.each([
    ['is not there', () => join(machine.folder, 'absent.json')],
    ['has credentials for other registries only', () => machine.dockerConfig({ 'other.example': account })],
    [
      'is no JSON',
      () => {
        const file = join(mkdtempSync(join(machine.folder, 'bad-')), 'config.json');
        writeFileSync(file, `{"auths": ${account.password}`);
        return file;
      },
    ],
  ])('refuses a pull secret that %s', async (_what, file) => {
    const pullSecret = { fromDockerConfig: file() };
    const failed = await failureOf(check({ ...official(open), pullSecret }));
    expect(failed).toMatchObject({ type: 'PULL_SECRET', nonRetryable: true });
    expect(failed.message).toContain(pullSecret.fromDockerConfig);
    expect(failed.message).not.toContain(account.password);
  });

  it('refuses what is no image', async () => {
    expect(await failureOf(check({ ...official(open), etcd: { image: 'http://x/y' } }))).toMatchObject({
      type: 'IMAGE_REFERENCE',
      message: expect.stringContaining('images.etcd.image'),
    });
    expect(await failureOf(check({ etcd: { image: `${open.name}/etcd:3.6.8` } }))).toMatchObject({
      type: 'IMAGE_REFERENCE',
      data: { field: 'spec.images.apiserver.version' },
    });
  });

  describe('with images.build', () => {
    const built = (given: object = {}, source = machine.source()): object => ({
      ...official(open),
      ...buildSpec(source, given),
    });

    it('looks up only what is pulled', async () => {
      const { facts } = await check(built({}, '/absent'));
      expect(facts).toEqual({
        apiserver: '',
        controllerManager: '',
        etcd: expect.stringContaining(`${open.name}/etcd:3.6.8@sha256:`),
        there: '',
        platforms: [],
      });
    });

    it('proves source, engine and the right to push, and leaves no upload behind', async () => {
      const { facts, note } = await checkBuild(built());
      expect(facts).toEqual({});
      expect(note).toContain('buildah');
      await until(
        'the upload taken away',
        () => open.requests(/"DELETE \/v2\/hyperkube-amd64\/blobs\/uploads/).length > 0,
      );
    });

    it('finds an engine by itself, and passes over a docker whose daemon is silent', async () => {
      const bin = mkdtempSync(join(machine.folder, 'bin-'));
      writeFileSync(join(bin, 'docker'), '#!/bin/sh\necho "no daemon" >&2\nexit 1\n', { mode: 0o755 });
      writeFileSync(join(bin, 'buildah'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
      withEnv({ PATH: bin });
      expect((await checkBuild(built({ engine: 'auto' }))).note).toContain('buildah will build');
      writeFileSync(join(bin, 'docker'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
      expect((await checkBuild(built({ engine: 'auto' }))).note).toContain('docker will build');
    });

    it('says that there is no engine', async () => {
      withEnv({ PATH: mkdtempSync(join(machine.folder, 'bin-')) });
      expect(await failureOf(checkBuild(built({ engine: 'auto' })))).toMatchObject({
        type: 'ENGINE_NOT_FOUND',
        nonRetryable: true,
        message: expect.stringMatching(/docker.*podman.*buildah.*nerdctl/),
      });
      expect(await failureOf(checkBuild(built()))).toMatchObject({
        type: 'ENGINE_NOT_FOUND',
        data: { engine: 'buildah' },
      });
    });

    it('says that there is nothing to build', async () => {
      const source = machine.source();
      expect(await failureOf(checkBuild(built({}, join(source, 'absent'))))).toMatchObject({
        type: 'BUILD_SOURCE_MISSING',
        data: { field: 'spec.images.build.source' },
      });
      expect(await failureOf(checkBuild(built({ dockerfile: 'Other' }, source)))).toMatchObject({
        type: 'BUILD_SOURCE_MISSING',
        message: expect.stringContaining(join(source, 'Other')),
      });
    });

    it('finds out that it may not push', async () => {
      const push = { registry: closed.name };
      expect(await failureOf(checkBuild(built({ push })))).toMatchObject({
        type: 'REGISTRY_DENIED',
        data: { registry: closed.name },
      });
      withEnv({ REGISTRY_AUTH_FILE: machine.dockerConfig({ [closed.name]: account }) });
      expect((await checkBuild(built({ push }))).outcome).toBe('done');
    });
  });
});

describe('buildBinaries', () => {
  const logOf = (): string =>
    readFileSync(join(world.deps.stateFolder, 'builds', 'myfederation', 'images-binaries.log'), 'utf8');

  it('runs in the source folder, with the environment of the worker, into a log of its own', async () => {
    const source = machine.source();
    withEnv({ GREETING: 'hello' });
    const result = await binaries(source, ['sh', '-c', 'echo "$GREETING" > made; echo out; echo err >&2']);
    const worker = await builderId(world.deps.stateFolder);
    expect(result).toMatchObject({
      outcome: 'done',
      facts: { worker, source: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    expect(readFileSync(join(source, 'made'), 'utf8')).toBe('hello\n');
    expect(logOf().split('\n').sort()).toEqual(['', expect.stringMatching(/^\$ sh/), 'err', 'out']);
    const mode = statSync(join(world.deps.stateFolder, 'builds', 'myfederation', 'images-binaries.log')).mode;
    expect(mode & 0o777).toBe(0o600);
  });

  it('fails with the last lines and the path of the log', async () => {
    const failed = await failureOf(
      binaries(machine.source(), ['sh', '-c', 'for i in $(seq 1 100); do echo "line $i"; done; exit 3']),
    );
    expect(failed).toMatchObject({ type: 'BUILD_FAILED', nonRetryable: true });
    expect(failed.message).toContain('ended with status 3');
    expect(failed.message).toContain('images-binaries.log');
    expect(failed.message).toContain('\nline 86\n');
    expect(failed.message).toMatch(/line 100$/);
    expect(failed.message).not.toContain('line 85');
    expect(logOf()).toContain('line 1\n');
  });

  it('keeps the last lines even when they are long', async () => {
    const failed = await failureOf(
      binaries(machine.source(), ['sh', '-c', 'for i in $(seq 1 9); do printf "%0400d word$i\\n" 0; done; exit 1']),
    );
    expect(failed.message).toMatch(/word9$/);
    expect(Buffer.byteLength(failed.message)).toBeLessThanOrEqual(2_000);
  });

  it('lets no secret into log, failure or heartbeat', async () => {
    const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7';
    const script = `echo "password=hunter2hunter2"; printf -- '-----BEGIN PRIVATE KEY-----\\n${body}\\n-----END PRIVATE KEY-----\\n'; exit 1`;
    const heartbeats: unknown[] = [];
    const env = activityEnvironment();
    env.on('heartbeat', (detail) => heartbeats.push(detail));
    const source = machine.source();
    writeFileSync(join(source, 'leak.sh'), script);
    const failed = await failureOf(
      env.run(images.buildBinaries, call('images/binaries', buildSpec(source, { binaries: ['sh', 'leak.sh'] }))),
    );
    expect(heartbeats.length).toBeGreaterThan(0);
    for (const text of [failed.message, logOf(), JSON.stringify(heartbeats)]) {
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain(body);
    }
    expect(logOf()).toContain('password=[redacted]');
  });

  it('has one lock for a folder, by whatever path it is named', async () => {
    const source = machine.source();
    const link = `${source}-link`;
    symlinkSync(source, link);
    const script = 'echo first >> order; until [ -e go ]; do sleep 0.05; done; echo last >> order';
    const slow = binaries(source, ['sh', '-c', script]);
    await until('the first build', () => existsSync(join(source, 'order')));
    // Another worker of this machine, so that it is the lock that they share and not the slot.
    const { buildBinaries } = imagesActivities({ ...world.deps, env: machine.env });
    const env = activityEnvironment();
    const told: unknown[] = [];
    env.on('heartbeat', (detail) => told.push(detail));
    const argv = { binaries: ['sh', '-c', 'echo second >> order'] };
    const second = env.run(buildBinaries, call('images/binaries', buildSpec(`${link}/`, argv)));
    await until('the word of waiting', () => JSON.stringify(told).includes(`another build in ${link}/`));
    writeFileSync(join(source, 'go'), '');
    await Promise.all([slow, second]);
    expect(readFileSync(join(source, 'order'), 'utf8')).toBe('first\nlast\nsecond\n');
  });

  it('is the only build of its worker, whatever the source', async () => {
    const [one, two] = [machine.source(), machine.source()];
    const slow = binaries(one, ['sh', '-c', 'touch began; until [ -e go ]; do sleep 0.05; done']);
    await until('the first build', () => existsSync(join(one, 'began')));
    const env = activityEnvironment();
    const told: unknown[] = [];
    env.on('heartbeat', (detail) => told.push(detail));
    const argv = { binaries: ['touch', 'began'] };
    const second = env.run(images.buildBinaries, call('images/binaries', buildSpec(two, argv)));
    await until('the word of waiting', () => JSON.stringify(told).includes('another build of this worker'));
    expect(existsSync(join(two, 'began'))).toBe(false);
    const third = activityEnvironment();
    const never = third.run(images.buildBinaries, call('images/binaries', buildSpec(two, argv)));
    third.cancel();
    await expect(never).rejects.toMatchObject({ name: 'CancelledFailure' });
    writeFileSync(join(one, 'go'), '');
    await Promise.all([slow, second]);
    expect(existsSync(join(two, 'began'))).toBe(true);
  });

  it('says what cannot be run', async () => {
    expect(await failureOf(binaries(machine.source(), ['no-such-program']))).toMatchObject({
      type: 'BUILD_FAILED',
      message: expect.stringContaining('no-such-program ended with ENOENT'),
    });
  });

  it('does not wait for a process that the build left behind', async () => {
    const source = machine.source();
    const started = Date.now();
    await binaries(source, ['sh', '-c', 'sleep 300 & echo $! > pid']);
    expect(Date.now() - started).toBeLessThan(10_000);
    process.kill(pidIn(join(source, 'pid')), 'SIGKILL');
  });

  it.each([
    ['a build', 'sleep 300 & echo $! > pid; wait', 5_000],
    ['one that leaves a child which ignores SIGTERM', '(trap "" TERM; exec sleep 300) & echo $! > pid; wait', 5_000],
    ['one that ignores SIGTERM', 'trap "" TERM; sleep 300 & echo $! > pid; wait; wait; sleep 300', 15_000],
  ])(
    'ends %s, and what it started, when it is cancelled',
    async (_what, script, within) => {
      const source = machine.source();
      const env = activityEnvironment();
      const given = call('images/binaries', buildSpec(source, { binaries: ['sh', '-c', script] }));
      const running = env.run(images.buildBinaries, given).catch((error: unknown) => error);
      const pid = join(source, 'pid');
      await until('the child', () => hasPid(pid));
      const cancelled = Date.now();
      env.cancel();
      expect(await running).toMatchObject({ name: 'CancelledFailure' });
      expect(Date.now() - cancelled).toBeLessThan(within);
      await until('the end of the child', () => isGone(pidIn(pid)));
      // The lock is given back: another build of the same source starts at once.
      expect((await binaries(source, ['true'])).outcome).toBe('done');
    },
    30_000,
  );

  it('waits for another build of the same source, and says so', async () => {
    const source = machine.source();
    const slow = binaries(source, [
      'sh',
      '-c',
      'echo first >> order; until [ -e go ]; do sleep 0.05; done; echo last >> order',
    ]);
    await until('the first build', () => existsSync(join(source, 'order')));
    const env = activityEnvironment();
    const told: unknown[] = [];
    env.on('heartbeat', (detail) => told.push(detail));
    const argv = { binaries: ['sh', '-c', 'echo second >> order'] };
    const second = env.run(images.buildBinaries, call('images/binaries', buildSpec(source, argv)));
    await until('the word of waiting', () => JSON.stringify(told).includes('waits for another build'));
    expect(readFileSync(join(source, 'order'), 'utf8')).toBe('first\n');
    writeFileSync(join(source, 'go'), '');
    await Promise.all([slow, second]);
    expect(readFileSync(join(source, 'order'), 'utf8')).toBe('first\nlast\nsecond\n');
  });

  it('ends with its worker, by itself, and leaves a lock that can be taken', async () => {
    const source = machine.source();
    const argv = { binaries: ['sh', '-c', 'sleep 300 & echo $! > pid; wait'] };
    const given = call('images/binaries', buildSpec(source, argv));
    const at = (path: string): string => JSON.stringify(pathToFileURL(join(process.cwd(), path)).href);
    const script = `
      const { imagesActivities } = await import(${at('activities/images.ts')});
      const { kubeClients } = await import(${at('activities/clients/kube.ts')});
      const log = { info() {}, warn() {} };
      const deps = { kube: kubeClients({ HOME: '/nowhere' }), runs: {}, log, env: process.env, stateFolder: process.env.STATE };
      await imagesActivities(deps).buildBinaries(JSON.parse(process.env.CALL));`;
    const worker = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...machine.env, STATE: world.deps.stateFolder, CALL: JSON.stringify(given), NODE_OPTIONS: '' },
      stdio: 'ignore',
    });
    const pid = join(source, 'pid');
    await until('the child', () => hasPid(pid));
    const locks = join(world.deps.stateFolder, 'builds', 'locks');
    await until('its mark in the lock', () =>
      readFileSync(join(locks, readdirSync(locks)[0]!), 'utf8').includes('child'),
    );
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGKILL');
    await gone;
    // Nobody came after it.
    await until('the end of the build', () => isGone(pidIn(pid)));
    expect((await binaries(source, ['true'])).outcome).toBe('done');
    expect(readdirSync(locks)).toEqual([]);
  }, 150_000);

  it('takes the lock of a killed worker, and ends what it left running', async () => {
    const source = machine.source();
    const lock = await lockIn(source);
    const orphan = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    orphan.unref();
    const stat = readFileSync(`/proc/${orphan.pid}/stat`, 'utf8');
    const child = { pid: orphan.pid, started: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] };
    writeFileSync(lock, JSON.stringify({ pid: 2 ** 22 + 1, started: '0', step: 'fed images/binaries', child }));
    expect((await binaries(source, ['true'])).outcome).toBe('done');
    await until('the end of the orphan', () => isGone(Number(orphan.pid)));
    expect(existsSync(lock)).toBe(false);
  }, 150_000);
});

it('takes a lock that a crash of the machine left without its text', async () => {
  const source = machine.source();
  const lock = await lockIn(source);
  writeFileSync(lock, '');
  expect((await binaries(source, ['true'])).outcome).toBe('done');
  expect(existsSync(lock)).toBe(false);
});

describe('buildImage and pushImage', () => {
  it('build, push, and change nothing the second time', async () => {
    const spec = buildSpec(machine.source());
    const first = await build(spec);
    expect(first.outcome).toBe('created');
    expect(first.facts).toEqual({
      imageId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      tag: expect.stringMatching(/^g[0-9a-f]{12}$/),
    });
    const pushed = await push(spec, first.facts);
    const reference = `${open.name}/hyperkube-amd64:${first.facts.tag}`;
    const { digest } = await open.head('hyperkube-amd64', first.facts.tag);
    expect(pushed).toMatchObject({ outcome: 'created', facts: { reference, digest } });

    const again = await build(spec);
    expect(again).toMatchObject({ outcome: 'kept', facts: first.facts });
    const writes = (): string[] => open.requests(/"(PUT|POST|PATCH) \/v2\/hyperkube-amd64/);
    const before = writes().length;
    expect(before).toBeGreaterThan(0);
    expect(await push(spec, again.facts)).toMatchObject({ outcome: 'kept', facts: pushed.facts });
    expect(writes()).toHaveLength(before);
  }, 60_000);

  it('never puts binaries of another run into the image', async () => {
    const source = machine.source();
    const mine = buildSpec(source, { binaries: ['sh', '-c', 'echo built >> runs; echo mine > binary'] });
    const made = await world.act(images.buildBinaries, call('images/binaries', mine));
    const first = await build(mine, { source: made.facts.source });
    const binaryOf = (): string => readFileSync(join(source, 'binary'), 'utf8');
    const times = (): number => readFileSync(join(source, 'runs'), 'utf8').trim().split('\n').length;
    // Nothing came in between: nothing is built twice.
    expect([times(), binaryOf()]).toEqual([1, 'mine\n']);
    await binaries(source, ['sh', '-c', 'echo other > binary']);
    const again = await build(mine, { source: made.facts.source });
    expect([times(), binaryOf()]).toEqual([2, 'mine\n']);
    expect(again.facts.tag).not.toBe(first.facts.tag); // the file of runs has a line more
  }, 60_000);

  it('refuses to go on with an image that no node could run', async () => {
    const spec = buildSpec(machine.source());
    const { facts } = await build(spec);
    expect(await failureOf(push(spec, { ...facts, platforms: ['linux/s390x'] }))).toMatchObject({
      type: 'IMAGE_PLATFORM',
      message: expect.stringContaining('the nodes are linux/s390x'),
    });
  }, 60_000);

  it('needs no cluster for a push of a run that proved its ownership', async () => {
    const spec = buildSpec(machine.source());
    const { facts } = await build(spec);
    const owned = await world.act(images.checkOwner, call('images/owner', {}));
    expect(owned.facts).toEqual({ owned: true });
    const farm = imagesActivities({ ...world.deps, env: machine.env, kube: kubeClients({ HOME: '/nowhere' }) });
    const asked = call<'images/push'>('images/push', spec, { ...facts, ...owned.facts });
    const elsewhere = { ...asked, run: { ...asked.run, host: { context: 'unknown', namespace: 'x' } } };
    expect((await world.act(farm.pushImage, elsewhere)).outcome).toBe('created');
    const rival = call<'images/owner'>('images/owner', {});
    expect(
      await failureOf(world.act(images.checkOwner, { ...rival, run: { ...rival.run, firstRunId: 'another' } })),
    ).toMatchObject({ type: 'OWNER_CHANGED' });
  }, 60_000);

  it('uses what the registry has under the tag, builds and uploads nothing, and needs no engine', async () => {
    await open.put('kept/hyperkube-amd64', 'v1');
    await open.put('etcd', '3.6.8');
    const source = machine.source();
    const place = { registry: `${open.name}/kept`, tag: 'v1', ifThere: 'use' };
    const spec = {
      etcd: { image: `${open.name}/etcd:3.6.8` },
      ...buildSpec(source, { binaries: ['touch', 'built'], push: place }),
    };
    withEnv({ PATH: mkdtempSync(join(machine.folder, 'bin-')) });
    const { digest } = await open.head('kept/hyperkube-amd64', 'v1');
    const { there } = (await check(spec)).facts;
    expect(there).toBe(`${open.name}/kept/hyperkube-amd64:v1@${digest}`);
    const before = open.requests(/"(PUT|POST|PATCH) \/v2\/kept/).length;
    expect(before).toBeGreaterThan(0);
    const kept = { outcome: 'kept', note: expect.stringContaining(there) };
    expect(await checkBuild(spec, { there })).toMatchObject(kept);
    expect(await world.act(images.buildBinaries, call('images/binaries', spec, { there }))).toMatchObject(kept);
    expect(await build(spec, { there })).toMatchObject({ ...kept, facts: { imageId: '', tag: 'v1' } });
    const reference = `${open.name}/kept/hyperkube-amd64:v1`;
    expect(await push(spec, { there })).toMatchObject({ ...kept, facts: { reference, digest } });
    expect(open.requests(/"(PUT|POST|PATCH) \/v2\/kept/)).toHaveLength(before);
    expect(existsSync(join(source, 'built'))).toBe(false);
    for (const other of [
      { ...place, tag: 'v2' },
      { ...place, ifThere: 'move' },
      { ...place, ifThere: undefined },
    ])
      expect((await check({ ...spec, ...buildSpec(source, { push: other }) })).facts.there).toBe('');
  }, 60_000);

  it('keeps what a worker pushed right before it died, with no need of its engine', async () => {
    const spec = buildSpec(machine.source());
    const { facts } = await build(spec);
    const pushed = await push(spec, facts); // its answer was lost
    withEnv({ PATH: mkdtempSync(join(machine.folder, 'bin-')) });
    const lost = { ...facts, imageId: `sha256:${'0'.repeat(64)}` };
    expect(await push(spec, lost)).toMatchObject({ outcome: 'kept', facts: pushed.facts });
  }, 60_000);

  it('gives the same source the same tag and digest anywhere, and another source another', async () => {
    const files = { content: 'same', 'bin/program': '#!/bin/sh\n' };
    const [one, two] = [machine.source(files), machine.source(files)];
    writeFileSync(join(two, '.dockerignore'), 'notes\n');
    writeFileSync(join(one, '.dockerignore'), 'notes\n');
    writeFileSync(join(two, 'notes'), 'not in the image');
    const tagOf = async (source: string) => (await build(buildSpec(source))).facts.tag;
    expect(await tagOf(two)).toBe(await tagOf(one));
    writeFileSync(join(two, 'content'), 'other');
    expect(await tagOf(two)).not.toBe(await tagOf(one));

    // Built anew from scratch elsewhere, the manifest is the same to the byte.
    const digestOf = async (source: string): Promise<string> => {
      const spec = buildSpec(source);
      const { facts } = await build(spec);
      await push(spec, facts);
      return (await open.head('hyperkube-amd64', facts.tag)).digest ?? '';
    };
    const here = await digestOf(one);
    const elsewhere = imageWorld();
    withEnv(elsewhere.env);
    const spec = buildSpec(machine.source({ ...files, '.dockerignore': 'notes\n' }), {
      push: { registry: open.name, tag: 'anew' },
    });
    const { outcome, facts } = await build(spec);
    expect(outcome).toBe('created');
    expect((await push(spec, facts)).facts.digest).toBe(here);
    elsewhere.remove();
  }, 120_000);

  it('moves a tag of the spec when the source changed', async () => {
    const source = machine.source();
    const spec = buildSpec(source, { push: { registry: open.name, tag: 'v1.5.0-mine' } });
    const first = await build(spec);
    expect(first.facts.tag).toBe('v1.5.0-mine');
    const pushed = await push(spec, first.facts);
    expect(pushed).toMatchObject({
      outcome: 'created',
      facts: { reference: `${open.name}/hyperkube-amd64:v1.5.0-mine` },
    });
    expect(await push(spec, first.facts)).toMatchObject({ outcome: 'kept', facts: pushed.facts });

    writeFileSync(join(source, 'content'), 'changed');
    const second = await build(spec);
    expect(second.outcome).toBe('created');
    const moved = await push(spec, second.facts);
    expect(moved.outcome).toBe('updated');
    expect(moved.facts.digest).not.toBe(pushed.facts.digest);
    expect((await open.head('hyperkube-amd64', 'v1.5.0-mine')).digest).toBe(moved.facts.digest);
  }, 60_000);

  it('pushes under both names when they differ', async () => {
    const spec = {
      ...buildSpec(machine.source()),
      apiserver: { name: 'team/apiserver' },
      controllerManager: { name: 'cm' },
    };
    const { facts } = await build(spec);
    const pushed = await push(spec, facts);
    expect(pushed.facts.reference).toBe(`${open.name}/team/apiserver:${facts.tag}`);
    expect((await open.head('team/apiserver', facts.tag)).digest).toBe(pushed.facts.digest);
    expect((await open.head('cm', facts.tag)).digest).toBe(pushed.facts.digest);
  }, 60_000);

  it('says with the words of the engine why a build failed', async () => {
    const source = machine.source();
    writeFileSync(join(source, 'Dockerfile'), 'FROM scratch\nCOPY absent /\n');
    expect(await failureOf(build(buildSpec(source)))).toMatchObject({
      type: 'BUILD_FAILED',
      nonRetryable: true,
      message: expect.stringContaining('absent'),
    });
  }, 60_000);

  it('asks for the build again when the engine lost the image', async () => {
    const facts = { imageId: `sha256:${'1'.repeat(64)}`, tag: 'g111111111111' };
    expect(await failureOf(push(buildSpec(machine.source()), facts))).toMatchObject({
      type: 'IMAGE_NOT_BUILT',
      nonRetryable: true,
    });
  }, 60_000);

  it('pushes over TLS with the CA, and with the logins of the worker', async () => {
    for (const [registry, given, env] of [
      [tls, { caFile: tls.caFile }, {}],
      [closed, {}, { REGISTRY_AUTH_FILE: machine.dockerConfig({ [closed.name]: account }) }],
    ] as const) {
      withEnv(env);
      const spec = { ...buildSpec(machine.source(), { push: { registry: registry.name } }), ...given };
      const { facts } = await build(spec);
      const { digest } = (await push(spec, facts)).facts;
      expect(await registry.head('hyperkube-amd64', facts.tag)).toEqual({ status: 200, digest });
    }
  }, 60_000);

  it('is denied at a registry that does not know the worker', async () => {
    const spec = buildSpec(machine.source(), { push: { registry: closed.name } });
    const { facts } = await build(spec);
    expect(await failureOf(push(spec, facts))).toMatchObject({ type: 'REGISTRY_DENIED', nonRetryable: true });
  }, 60_000);

  it.each([
    ['received unexpected HTTP status: 500 Internal Server Error', 'PUSH_FAILED'],
    ['writing blob: denied: requested access to the resource is denied', 'REGISTRY_DENIED'],
  ])(
    'says with the words of the engine (%s) why a push failed',
    async (words, type) => {
      const spec = buildSpec(machine.source());
      const { facts } = await build(spec);
      const bin = mkdtempSync(join(machine.folder, 'bin-'));
      const script = `#!/bin/sh\ncase $1 in push) echo "${words}" >&2; exit 125;; *) exec /usr/bin/buildah "$@";; esac\n`;
      writeFileSync(join(bin, 'buildah'), script, { mode: 0o755 });
      withEnv({ PATH: `${bin}:${process.env['PATH']}` });
      const failed = await failureOf(push(spec, facts));
      expect(failed).toMatchObject({ type, nonRetryable: type !== 'PUSH_FAILED' });
      expect(failed.message).toContain(words);
      expect(failed.message).toContain('images-push.log');
    },
    60_000,
  );

  it('does not push for a run that no longer owns the federation', async () => {
    const spec = buildSpec(machine.source());
    const { facts } = await build(spec);
    const other = call('images/push', spec, facts);
    const rival = { ...other, run: { ...other.run, firstRunId: 'another' } };
    expect(await failureOf(world.act(images.pushImage, rival))).toMatchObject({ type: 'OWNER_CHANGED' });
    expect((await open.head('hyperkube-amd64', facts.tag)).status).toBe(404);
  }, 60_000);
});

describe('recordImages', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const etcd = `quay.io/coreos/etcd:v3.6.8@${digest}`;
  const run = (spec: object, facts: object) => world.act(record.recordImages, call('images/record', spec, facts));
  const official = `gcr.io/x/hyperkube-amd64:v1.5.0@${digest}`;
  const checked = { apiserver: official, controllerManager: official, etcd };

  it('notes what was checked, once', async () => {
    expect(await run({}, checked)).toMatchObject({ outcome: 'updated', facts: { ...checked, version: 'v1.5.0' } });
    expect((await readRecord(world.host, world.namespace))?.images).toEqual(checked);
    const before = await world.read('v1', 'ConfigMap', names.record);
    expect((await run({}, checked)).outcome).toBe('kept');
    expect(await world.read('v1', 'ConfigMap', names.record)).toEqual(before);
    expect(await world.read('v1', 'Secret', names.pullSecret)).toBeUndefined();
  });

  it('notes what was pushed, under the name of each component', async () => {
    const facts = { apiserver: '', controllerManager: '', etcd, pushed: 'r.example:5000/hyperkube-amd64:gabc', digest };
    const spec = {
      ...buildSpec('/src', { push: { registry: 'r.example:5000' } }),
      controllerManager: { name: 'cm' },
    };
    expect((await run(spec, facts)).facts).toEqual({
      apiserver: `r.example:5000/hyperkube-amd64:gabc@${digest}`,
      controllerManager: `r.example:5000/cm:gabc@${digest}`,
      etcd,
      version: 'gabc',
    });
  });

  it('makes the pull secret with the credentials that the images need and no others', async () => {
    const fromDockerConfig = machine.dockerConfig({ 'gcr.io': account, 'private.example': account });
    const spec = { pullSecret: { fromDockerConfig } };
    const result = await run(spec, checked);
    expect(JSON.stringify(result)).not.toContain(account.password);
    const read = async (): Promise<KubeObject> => (await world.read('v1', 'Secret', names.pullSecret))!;
    const secret = await read();
    expect(secret['type']).toBe('kubernetes.io/dockerconfigjson');
    const text = Buffer.from((secret['data'] as Record<string, string>)['.dockerconfigjson']!, 'base64').toString();
    const auth = Buffer.from(`${account.user}:${account.password}`).toString('base64');
    expect(JSON.parse(text)).toEqual({ auths: { 'gcr.io': { auth } } });
    expect(await world.ledger()).toContainEqual(
      expect.objectContaining({
        kind: 'Secret',
        name: names.pullSecret,
        uid: secret.metadata.uid,
        step: 'images/record',
      }),
    );
    expect(await run(spec, checked)).toEqual({ ...result, outcome: 'kept' });
    expect((await read()).metadata.resourceVersion).toBe(secret.metadata.resourceVersion);
  });
});
