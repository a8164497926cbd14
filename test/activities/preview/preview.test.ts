import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { toBeMade } from '../../../activities/core/object-digest.ts';
import type { Deps } from '../../../activities/core/deps.ts';
import { createActivities } from '../../../activities/index.ts';
import { type PreviewQuestion, previewUp } from '../../../activities/preview/preview.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import type { ObjectPreview, Preview } from '../../../src/plan/preview.ts';
import type { HostStepId } from '../../../src/catalogue/call-of.ts';
import type { Spec } from '../../../src/spec/schema.ts';
import { type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { type Registry, startRegistry } from '../../helpers/images/registry.ts';
import { aSpec } from '../../helpers/common/spec.ts';

let server: Awaited<ReturnType<typeof startKubeApiserver>>;
let registry: Registry;
let spec: Spec;

beforeAll(async () => {
  [server, registry] = await Promise.all([startKubeApiserver(), startRegistry()]);
  await Promise.all([registry.put('hyperkube-amd64', 'v1.5.0'), registry.put('etcd', '3')]);
  const image = { registry: registry.name, name: 'hyperkube-amd64', version: 'v1.5.0' };
  spec = aSpec({
    spec: {
      images: {
        apiserver: image,
        controllerManager: image,
        etcd: { image: `${registry.name}/etcd:3` },
        insecureRegistries: [registry.name],
      },
      // No address is waited for.
      apiserver: { serviceType: 'NodePort', nodePort: 30_100, advertiseAddress: '10.1.2.3' },
    },
  });
}, 120_000);
afterAll(() => Promise.all([server?.stop(), registry?.stop()]));

/** Node ports are of the whole server: this world asks for none of its own. */
const withoutPort = (): Spec => {
  const { nodePort: _taken, ...apiserver } = spec.apiserver;
  return { ...spec, apiserver };
};

const previewIn = (world: HostWorld, given: Partial<PreviewQuestion> = {}): Promise<Preview> =>
  previewUp(
    world.deps,
    { federation: world.run.federation, host: world.run.host, digest: 'sha256:0', spec, ...given },
    createActivities,
  );

const find = ({ objects }: Preview, kind: string, name: string): ObjectPreview | undefined =>
  objects.find((one) => one.kind === kind && one.name === name);

/** Requests to the API server that were no mere reads, since the start of its log, without those of its own parts. */
const writes = (): string[] =>
  readFileSync(server.auditLog, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { verb: string; requestURI: string; user: { username: string }; stage: string })
    .filter(({ verb, user }) => !['get', 'list', 'watch'].includes(verb) && !user.username.startsWith('system:'))
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`);

describe('previewUp', () => {
  it('of a host without the federation: everything is created, and nothing is written', async () => {
    const world = await hostWorld(server);
    const host = { ...world.run.host, namespace: 'not-there-yet' };
    const before = writes().length;
    const preview = await previewIn(world, { host });
    expect(preview.obstacles).toEqual([]);
    expect(new Set(preview.objects.map(({ action }) => action))).toEqual(new Set(['create']));
    expect(preview.objects.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
      expect.arrayContaining([
        'Namespace not-there-yet',
        `Service ${names.apiserver}`,
        `Deployment ${names.apiserver}`,
        `Deployment ${names.controllerManager}`,
        `Secret ${names.caSecret}`,
        `PersistentVolumeClaim ${names.etcdClaim}`,
      ]),
    );
    expect(JSON.stringify(preview)).not.toMatch(/BEGIN|LS0tLS/);
    // The namespace itself is the one thing that its server can be asked about.
    expect(
      writes()
        .slice(before)
        .filter((line) => !line.includes('dryRun=All')),
    ).toEqual([]);
    expect(await world.host.read({ apiVersion: 'v1', kind: 'Namespace', name: 'not-there-yet' })).toBeUndefined();
  }, 60_000);

  it('tells drift field by field, and what another manager took; asks by dry runs alone', async () => {
    const world = await hostWorld(server);
    // The namespace of this world is the operator's own, so the uuid is that of the record.
    const activities = createActivities(world.deps);
    const service = world.call('apiserver/service' as HostStepId, { spec });
    await world.act(activities.ensureApiserverService, service as never);
    const ref = { apiVersion: 'v1', kind: 'Service', name: names.apiserver, namespace: world.namespace };
    const stood = (await world.host.read(ref)) as KubeObject;
    const before = writes().length;
    expect(find(await previewIn(world), 'Service', names.apiserver)).toMatchObject({ action: 'keep', fields: [] });
    const moved = { ...spec, apiserver: { ...spec.apiserver, nodePort: 30_111 } };
    expect(find(await previewIn(world, { spec: moved }), 'Service', names.apiserver)).toMatchObject({
      action: 'update',
      fields: [{ path: 'spec.ports[https].nodePort', from: '30100', to: '30111' }],
    });
    expect((await world.host.read(ref))?.metadata.resourceVersion).toBe(stood.metadata.resourceVersion);
    const asked = writes().slice(before);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((line) => !line.includes('dryRun=All'))).toEqual([]);
    expect(asked.filter((line) => line.includes('/secrets'))).toEqual([]);
  }, 60_000);

  it('goes on without the image that the run is to build, with the digest of the one that it only pulls', async () => {
    const world = await hostWorld(server);
    const { build } = aSpec({ build: true }).images;
    if (!build) throw new Error('a spec without images.build');
    const images = { ...spec.images, build: { ...build, push: { ...build.push, registry: registry.name } } };
    const built = { ...withoutPort(), images };
    const given: Record<string, object> = {};
    const activities = (deps: Deps) => {
      const all = createActivities(deps);
      type Given = Parameters<typeof all.ensureApiserverDeployment>[0];
      return {
        ...all,
        ensureApiserverDeployment: (call: Given) => {
          given[call.step] = call.input.facts;
          return all.ensureApiserverDeployment(call);
        },
      };
    };
    const question = { federation: world.run.federation, host: world.run.host, digest: 'sha256:0', spec: built };
    const preview = await previewUp(world.deps, question, activities);
    expect(preview.obstacles).toEqual([]);
    expect(find(preview, 'Deployment', names.apiserver)).toMatchObject({ action: 'create' });
    const etcd = `${registry.name}/etcd:3@${(await registry.head('etcd', '3')).digest}`;
    expect(given['apiserver/deployment']).toMatchObject({ apiserverImage: toBeMade, etcdImage: etcd, version: '' });
  }, 60_000);

  it('says where a turn-up would block, and what cannot be told therefore', async () => {
    const world = await hostWorld(server);
    const metadata = { name: names.apiserver, namespace: world.namespace };
    await world.host.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { ports: [{ port: 443 }] },
    } as KubeObject);
    const foreign = await previewIn(world);
    expect(foreign.obstacles[0]).toMatchObject({ step: 'apiserver/service', code: 'FOREIGN' });
    const adopted = await previewIn(world, { adopt: true, spec: withoutPort() });
    expect(adopted.obstacles).toEqual([]);
    expect(find(adopted, 'Service', names.apiserver)).toMatchObject({ action: 'update' });
    const other = await previewIn(world, { federation: 'another' });
    expect(other.obstacles).toMatchObject([{ step: 'host/record', code: 'RECORD_OTHER' }]);
    const version = { ...spec.images.apiserver, version: 'v0' };
    const noImage = await previewIn(world, {
      adopt: true,
      spec: { ...withoutPort(), images: { ...spec.images, apiserver: version } },
    });
    expect(noImage.obstacles).toMatchObject([
      { step: 'preflight/images', code: 'IMAGE_NOT_FOUND' },
      { step: 'images/record', code: null, message: 'not known before preflight/images is done' },
      { step: 'apiserver/deployment', code: null },
      { step: 'controller-manager/deployment', code: null },
    ]);
  }, 60_000);
});
