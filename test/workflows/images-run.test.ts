import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { builderId } from '../../activities/images/build-host.ts';
import { kubeClients } from '../../activities/clients/kube/kube.ts';
import { createResolver } from '../../activities/clients/dns/resolver.ts';
import { imagesActivities } from '../../activities/images/images.ts';
import type { Io } from '../../src/cli/io/io.ts';
import { resolvedImages } from '../../src/cli/reads/resolve-images.ts';
import { cancelImages, runImages } from '../../src/cli/runs/run-images.ts';
import { readSpecFile } from '../../src/cli/files/spec-file.ts';
import type { ImagesGoal } from '../../src/run/images.ts';
import { fakeIo } from '../helpers/terminal/fake-io.ts';
import { imageWorld, type ImageWorld } from '../helpers/images/image-world.ts';
import { type Registry, startRegistry } from '../helpers/images/registry.ts';
import { startTemporal, withWorkers } from '../helpers/temporal/temporal.ts';

/** The guide's first mechanism: a real registry, a real engine, a real Temporal, and no cluster at all. */
let temporal: TestWorkflowEnvironment;
let registry: Registry;
let machine: ImageWorld;
beforeAll(async () => {
  machine = imageWorld();
  [temporal, registry] = await Promise.all([startTemporal(), startRegistry()]);
  await registry.put('etcd', '3.6.8');
}, 120_000);
afterAll(async () => {
  await Promise.all([temporal?.teardown(), registry?.stop()]);
  machine?.remove();
});

/** A checkout with a tag, as a release of Kubernetes is. */
function checkout(tag: string): string {
  const source = machine.source();
  const git = (...args: string[]): void => {
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@t.example', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...who, ...args], { cwd: source, stdio: 'ignore' });
  };
  git('init');
  git('add', '.');
  git('commit', '-m', 'one');
  git('tag', tag);
  return source;
}

let runs = 0;
async function fedctlImages(
  goal: ImagesGoal,
  source: string,
  given: {
    env?: NodeJS.ProcessEnv;
    binaries?: string[];
    during?: (io: Io, federation: string) => Promise<unknown>;
  },
) {
  const folder = mkdtempSync(join(machine.folder, 'spec-'));
  const file = join(folder, 'federation.yaml');
  const build = { source, binaries: given.binaries ?? ['true'], engine: 'buildah' };
  const images = { build, etcd: { image: `${registry.name}/etcd:3.6.8` }, insecureRegistries: [registry.name] };
  const document = {
    apiVersion: 'fedctl/v1alpha1',
    kind: 'Federation',
    metadata: { name: `f${(runs += 1)}-${process.pid}` },
    spec: { host: { context: 'no-such-context' }, images },
  };
  writeFileSync(file, JSON.stringify(document));
  const queue = `images-${runs}`;
  const io = fakeIo({
    cwd: folder,
    env: {
      KUBE_REGISTRY: registry.name,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_CONFIG_FILE: '/nonexistent.toml',
      FEDCTL_TASK_QUEUE: queue,
      ...given.env,
    },
  });
  const log = { info: () => undefined, warn: () => undefined };
  const nobody = { namespaceUuid: () => Promise.resolve(''), isOpen: () => Promise.resolve(false) };
  const deps = {
    kube: kubeClients({ HOME: '/nowhere' }),
    resolver: createResolver({ servers: [] }),
    runs: nobody,
    log,
    env: machine.env,
    stateFolder: folder,
  };
  const alone = async () =>
    runImages(io, await readSpecFile(io, file), goal, { output: 'json', detach: false }).catch(
      (error: unknown) => error,
    );
  const during = async (): Promise<unknown> => given.during?.(io, document.metadata.name);
  const follow = async (): Promise<unknown> => (await Promise.all([alone(), during()]))[0];
  const builder = await builderId(folder);
  const code = await withWorkers(temporal, queue, imagesActivities(deps), follow, { builder });
  return { code, io, out: io.out.length > 0 ? (JSON.parse(io.out.join('\n')) as Record<string, unknown>) : undefined };
}

describe('fedctl images', () => {
  it('pushes by the version of git, and writes the four values and no other', async () => {
    const root = mkdtempSync(join(machine.folder, 'output-'));
    const values = join(root, 'values.yaml');
    writeFileSync(values, '# mine\napiserverVersion: v1.4.0 # old\nnamespace: federation\n');
    const { code, out, io } = await fedctlImages('push', checkout('v1.5.0+fed.1'), {
      env: { FEDERATION_OUTPUT_ROOT: root },
    });
    expect([code, io.err.join('\n')]).toEqual([0, expect.stringContaining('the images written to')]);
    const { digest } = await registry.head('hyperkube-amd64', 'v1.5.0_fed.1');
    expect(out).toMatchObject({ reference: `${registry.name}/hyperkube-amd64:v1.5.0_fed.1`, digest });
    expect(readFileSync(values, 'utf8')).toBe(
      [
        '# mine',
        'apiserverVersion: v1.5.0_fed.1 # old',
        'namespace: federation',
        `apiserverRegistry: ${registry.name}`,
        `controllerManagerRegistry: ${registry.name}`,
        'controllerManagerVersion: v1.5.0_fed.1',
        '',
      ].join('\n'),
    );
  }, 60_000);

  it('marks a tree that is not committed, with what is in it', async () => {
    const source = checkout('v1.5.0');
    writeFileSync(join(source, 'Dockerfile'), 'FROM scratch\nCOPY . /other/\n');
    const { code, out } = await fedctlImages('build', source, {});
    expect([code, out]).toEqual([0, expect.objectContaining({ reference: null, values: null })]);
    expect(out!['tag']).toMatch(/^v1\.5\.0-dirty-g[0-9a-f]{12}$/);
    expect((await registry.head('hyperkube-amd64', String(out!['tag']))).status).toBe(404);
  }, 60_000);

  it('takes KUBE_VERSION before git', async () => {
    const { out } = await fedctlImages('push', checkout('v1.5.0'), { env: { KUBE_VERSION: 'v1.5.0-mine' } });
    expect(out!['reference']).toBe(`${registry.name}/hyperkube-amd64:v1.5.0-mine`);
  }, 60_000);

  it('moves a tag of git when what is built from the same commit differs', async () => {
    const source = checkout('v2.0.0');
    const first = (await fedctlImages('push', source, {})).out!['digest'];
    const binaries = ['sh', '-c', 'echo new > binary'];
    const second = (await fedctlImages('push', source, { binaries })).out!['digest'];
    expect(second).not.toBe(first);
    expect((await registry.head('hyperkube-amd64', 'v2.0.0')).digest).toBe(second);
  }, 60_000);

  it('ends with the words of the failure and its fix, and writes nothing', async () => {
    const root = mkdtempSync(join(machine.folder, 'output-'));
    const { code, out } = await fedctlImages('push', machine.source(), {
      binaries: ['sh', '-c', 'echo the compiler is sad; exit 2'],
      env: { FEDERATION_OUTPUT_ROOT: root },
    });
    expect(code).toMatchObject({ code: 'BUILD_FAILED', exitCode: 1, message: expect.stringContaining('is sad') });
    expect(out).toBeUndefined();
    expect(() => readFileSync(join(root, 'values.yaml'))).toThrow('ENOENT');
  }, 60_000);

  it('is cancelled by its own command, which waits until the build has ended', async () => {
    const source = machine.source();
    const begun = join(source, 'begun');
    const { code } = await fedctlImages('build', source, {
      binaries: ['sh', '-c', 'touch begun; sleep 300'],
      during: async (io, federation) => {
        for (const end = Date.now() + 30_000; !existsSync(begun); await new Promise((done) => setTimeout(done, 50)))
          if (Date.now() > end) throw new Error('the build did not begin');
        expect(await cancelImages(io, federation)).toBe(0);
        await expect(cancelImages(io, federation)).rejects.toMatchObject({ exitCode: 7 });
      },
    });
    expect(code).toMatchObject({ exitCode: 5, message: 'the run was cancelled' });
  }, 60_000);
});

it('fedctl images list --resolve asks the registry which version is the newest', async () => {
  for (const tag of ['v1.4.0', 'v1.5.0', 'v1.6.0-beta.1']) await registry.put('releases/hyperkube-amd64', tag);
  const folder = mkdtempSync(join(machine.folder, 'spec-'));
  const image = { registry: `${registry.name}/releases`, version: 'newest' };
  const images = { apiserver: image, controllerManager: image, etcd: { image: `${registry.name}/etcd:3.6.8` } };
  const document = {
    apiVersion: 'fedctl/v1alpha1',
    kind: 'Federation',
    metadata: { name: 'listed' },
    spec: { host: { context: 'no-such-context' }, images },
  };
  writeFileSync(join(folder, 'federation.yaml'), JSON.stringify(document));
  const io = fakeIo({ cwd: folder, env: machine.env });
  const file = await readSpecFile(io, join(folder, 'federation.yaml'));
  const digest = async (repository: string, tag: string) => (await registry.head(repository, tag)).digest;
  expect((await resolvedImages(io, file)).map((one) => one.image)).toEqual([
    `${registry.name}/releases/hyperkube-amd64:v1.5.0@${await digest('releases/hyperkube-amd64', 'v1.5.0')}`,
    `${registry.name}/etcd:3.6.8@${await digest('etcd', '3.6.8')}`,
    'docker.io/library/busybox:1.36.1',
  ]);
}, 30_000);
