import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../../src/kubernetes/objects.ts';
import { createActivities } from '../../../activities/index.ts';
import { keepToPlan } from '../../../activities/core/planned-kube.ts';
import { previewUp } from '../../../activities/preview/preview.ts';
import { labels } from '../../../src/kubernetes/names.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import type { PlannedObject } from '../../../src/catalogue/planned.ts';
import { hostPlace } from '../../../src/kubernetes/place.ts';
import type { Spec } from '../../../src/spec/schema.ts';
import { type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { aPlanned } from '../../helpers/common/planned.ts';

let server: Awaited<ReturnType<typeof startKubeApiserver>>;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 90_000);
afterAll(() => server?.stop());

const step = 'apiserver/service';
const port = (world: HostWorld, nodePort: number): Spec => ({
  ...world.spec,
  apiserver: { ...world.spec.apiserver, serviceType: 'NodePort', nodePort, advertiseAddress: '10.0.0.1' },
});
const serviceOf = (world: HostWorld): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'Service',
  name: names.apiserver,
  namespace: world.namespace,
});

/** What `fedctl plan` says of the Service. */
async function planFor(world: HostWorld, spec: Spec): Promise<PlannedObject[]> {
  const { federation, host } = world.run;
  const { objects } = await previewUp(world.deps, { federation, host, spec, digest: 'sha256:0' }, createActivities);
  return objects.filter(({ steps }) => steps.includes(step));
}

/** The step of a run that keeps to a plan. */
const ensureService = (world: HostWorld, spec: Spec, planned: PlannedObject[]) =>
  world.act(createActivities(world.deps).ensureApiserverService, { ...world.call(step, { spec }), planned } as never);

describe('a step of a run that keeps to its plan', () => {
  it('makes what was planned, once more after a crash, and nothing else', async () => {
    const world = await hostWorld(server);
    const spec = port(world, 30_201);
    const planned = await planFor(world, spec);
    expect(planned).toMatchObject([{ action: 'create', uid: null, standing: null, steps: [step] }]);
    expect(await ensureService(world, spec, planned)).toMatchObject({ outcome: 'created' });
    const made = await world.host.read(serviceOf(world));
    expect(await ensureService(world, spec, planned)).toMatchObject({ outcome: 'kept' });
    expect(await world.host.read(serviceOf(world))).toEqual(made);
    await expect(ensureService(world, spec, [])).rejects.toMatchObject({ type: 'PLAN_STALE' });
    expect(await world.host.read(serviceOf(world))).toEqual(made);
  }, 60_000);

  it('is stale when the object came, went, was made anew or was changed since', async () => {
    const world = await hostWorld(server);
    const first = port(world, 30_202);
    const toMake = await planFor(world, first);
    await ensureService(world, first, toMake);
    const next = port(world, 30_203);
    const toChange = await planFor(world, next);
    expect(toChange).toMatchObject([{ action: 'update', uid: expect.any(String), standing: expect.any(String) }]);

    // The plan that makes it is no plan to change it.
    await expect(ensureService(world, next, toMake)).rejects.toMatchObject({ type: 'PLAN_STALE' });
    await world.host.mergePatch(serviceOf(world), { spec: { sessionAffinity: 'ClientIP' } });
    await expect(ensureService(world, next, toChange)).rejects.toMatchObject({
      type: 'PLAN_STALE',
      message: expect.stringContaining('was changed since the plan was made'),
    });
    const changed = (await world.host.read(serviceOf(world))) as KubeObject;
    await world.host.remove(serviceOf(world), { uid: changed.metadata.uid ?? '' });
    await expect(ensureService(world, next, toChange)).rejects.toMatchObject({
      message: expect.stringContaining('and is gone'),
    });
    await ensureService(world, first, toMake);
    await expect(ensureService(world, next, toChange)).rejects.toMatchObject({
      message: expect.stringContaining('is another one than when the plan was made'),
    });
  }, 60_000);

  it('does not mind a status that moves, and does mind another wish', async () => {
    const world = await hostWorld(server);
    const first = port(world, 30_204);
    await ensureService(world, first, await planFor(world, first));
    const next = port(world, 30_205);
    const planned = await planFor(world, next);
    const stands = (await world.host.read(serviceOf(world))) as KubeObject;
    const lastTransitionTime = new Date().toISOString();
    const condition = { type: 'Told', status: 'True', reason: 'ATest', message: '', lastTransitionTime };
    await world.setStatus(stands, { conditions: [condition] });
    const moved = (await world.host.read(serviceOf(world))) as KubeObject;
    expect(moved.metadata.resourceVersion).not.toBe(stands.metadata.resourceVersion);
    await expect(ensureService(world, port(world, 30_206), planned)).rejects.toMatchObject({
      message: expect.stringContaining('is wanted differently than planned'),
    });
    expect(await ensureService(world, next, planned)).toMatchObject({ outcome: 'updated' });
  }, 60_000);
});

describe('keepToPlan', () => {
  const within = (world: HostWorld, objects: PlannedObject[], at = 'one'): Kube =>
    keepToPlan(world.host, {
      place: hostPlace,
      step: at,
      objects,
      uuid: world.run.uuid,
      federation: 'myfederation',
      dryRun: true,
    });
  const map = (world: HostWorld, name: string, data: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: world.namespace, labels: { [labels.federation]: world.run.uuid } },
    data,
  });
  const refOf = (world: HostWorld, name: string): ObjectRef => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name,
    namespace: world.namespace,
  });

  it('writes no object that is not in the plan, by any verb, but its own notes', async () => {
    const world = await hostWorld(server);
    const stands = await world.host.create(map(world, 'theirs', { a: '1' }));
    const kube = within(world, []);
    const stale = { type: 'PLAN_STALE', message: expect.stringContaining('is not in the plan') };
    await expect(kube.create(map(world, 'new', {}))).rejects.toMatchObject(stale);
    await expect(kube.apply(map(world, 'new', {}))).rejects.toMatchObject(stale);
    await expect(kube.mergePatch(refOf(world, 'theirs'), { data: { a: '2' } })).rejects.toMatchObject(stale);
    const replace = [{ op: 'replace', path: '/data/a', value: '2' }];
    await expect(kube.jsonPatch(refOf(world, 'theirs'), replace)).rejects.toMatchObject(stale);
    await expect(kube.remove(refOf(world, 'theirs'), { uid: stands.metadata.uid ?? '' })).rejects.toMatchObject(stale);
    expect(await world.host.read(refOf(world, 'theirs'))).toEqual(stands);
    expect(await world.host.read(refOf(world, 'new'))).toBeUndefined();
    await expect(kube.mergePatch(refOf(world, names.record), { data: { note: 'ours' } })).resolves.toBeDefined();
  });

  it('deletes only the very object that was to be deleted', async () => {
    const world = await hostWorld(server);
    const stands = await world.host.create(map(world, 'leaves', {}));
    const planned = { ...aPlanned, name: 'leaves', namespace: world.namespace, uid: stands.metadata.uid ?? '' };
    const uid = { uid: stands.metadata.uid ?? '' };
    await expect(within(world, [planned]).remove(refOf(world, 'leaves'), uid)).rejects.toMatchObject({
      message: expect.stringContaining('which was not planned'),
    });
    const another = { ...planned, action: 'delete' as const, uid: 'another' };
    await expect(within(world, [another]).remove(refOf(world, 'leaves'), uid)).rejects.toMatchObject({
      message: expect.stringContaining('is another one'),
    });
    await within(world, [{ ...planned, action: 'delete' }]).remove(refOf(world, 'leaves'), uid);
    expect(await world.host.read(refOf(world, 'leaves'))).toBeUndefined();
  });

  it('lets a later step go on with what an earlier one wrote, if it is the same object', async () => {
    const world = await hostWorld(server);
    const stands = await world.host.create(map(world, 'shared', { a: '1' }));
    const about = { name: 'shared', namespace: world.namespace, resourceVersion: '1', steps: ['one', 'two'] };
    const planned = { ...aPlanned, ...about, action: 'update' as const, uid: stands.metadata.uid ?? '' };
    const patch = { data: { a: '2' } };
    await expect(within(world, [planned], 'one').mergePatch(refOf(world, 'shared'), patch)).rejects.toMatchObject({
      type: 'PLAN_STALE',
    });
    await expect(within(world, [planned], 'two').mergePatch(refOf(world, 'shared'), patch)).resolves.toBeDefined();
    const other = { ...planned, uid: 'another' };
    await expect(
      within(world, [other], 'two').mergePatch(refOf(world, 'shared'), { data: { a: '3' } }),
    ).rejects.toMatchObject({ type: 'PLAN_STALE' });
  });
});
