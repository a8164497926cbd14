import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { imagesActivities } from '../../../activities/images/images.ts';
import { readRecord } from '../../../activities/core/record.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { imageWorld } from '../../helpers/images/image-world.ts';
import { failureOf } from '../../helpers/kubernetes/member-world.ts';
import { account } from '../../helpers/images/registry.ts';
import {
  open,
  closed,
  tls,
  machine,
  world,
  images,
  record,
  imagesStage,
  withEnv,
  call,
  checkBuild,
  check,
  buildSpec,
  binaries,
  build,
  push,
} from '../../helpers/images/images-stage.ts';

imagesStage();

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
