import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { createActivities } from '../../../activities/index.ts';
import { ensureObject } from '../../../activities/core/objects.ts';
import { patchDebt } from '../../../activities/core/record.ts';
import { inStep } from '../../../activities/core/step.ts';
import type { RunContext, StepCall, StepResult } from '../../../src/catalogue/call.ts';
import { annotations, labels } from '../../../src/kubernetes/names.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { type HostWorld, hostWorld, waiting } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, memberWorld, versions } from '../../helpers/kubernetes/member-world.ts';
import { undoOf } from '../../helpers/common/undo.ts';
import type { CallOf } from '../../../src/catalogue/call-of.ts';
import type { DownChoices } from '../../../src/catalogue/side-inputs.ts';

let server: KubeApiserver;
let memberServer: KubeApiserver;
let world: HostWorld;
beforeAll(async () => {
  [server, memberServer] = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 120_000);
afterAll(() => Promise.all([server?.stop(), memberServer?.stop()]));
beforeEach(async () => {
  world = await hostWorld(server);
});

const activities = () => createActivities(world.deps);
/** No controller of this API server ends a namespace: that its deletion was asked for is all that can be seen. */
const isGoing = async (name: string): Promise<boolean> =>
  Boolean((await world.host.read({ apiVersion: 'v1', kind: 'Namespace', name }))?.metadata.deletionTimestamp);
const namespaceOf = async (name = world.namespace): Promise<KubeObject> =>
  (await world.host.read({ apiVersion: 'v1', kind: 'Namespace', name }))!;
const patch = (metadata: object, name = world.namespace) =>
  world.host.mergePatch({ apiVersion: 'v1', kind: 'Namespace', name }, { metadata });
const labelled = () => patch({ labels: { [labels.federation]: world.run.uuid } });
const put = (name: string, more: object = {}): Promise<KubeObject> =>
  world.host.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: world.namespace, ...more } });

const ensure = (run: Partial<RunContext> = {}, waitMs = 0) =>
  world.act(activities().ensureNamespace, world.call('host/namespace', { run, waitMs }));
const undo = (step: string, given: { run?: Partial<RunContext>; undo?: Partial<DownChoices>; parked?: boolean } = {}) =>
  undoOf(world.call(step as never, given) as CallOf<'host/record'>, given.undo);
const removeNamespace = (given: Parameters<typeof undo>[1] = {}): Promise<StepResult> =>
  world.act(activities().removeNamespace, undo('host/namespace', given));
const removeRecord = (given: Parameters<typeof undo>[1] = {}): Promise<StepResult> =>
  world.act(activities().removeRecord, undo('host/record', given));

describe('ensureNamespace', () => {
  const fresh = (): Partial<RunContext> => ({ host: { ...world.run.host, namespace: `${world.namespace}-fresh` } });

  it('makes it with the uuid and the name of the federation, and finds it again', async () => {
    expect(await ensure(fresh())).toMatchObject({ outcome: 'created', facts: { uuid: world.run.uuid } });
    const { metadata } = await namespaceOf(`${world.namespace}-fresh`);
    expect(metadata.labels?.[labels.federation]).toBe(world.run.uuid);
    expect(metadata.annotations?.[annotations.federationName]).toBe('myfederation');
    const again = await ensure({ ...fresh(), uuid: 'another-proposal' });
    expect(again).toMatchObject({ outcome: 'kept', facts: { uuid: world.run.uuid, created: true } });
    expect(versions([await namespaceOf(`${world.namespace}-fresh`)])).toEqual([metadata.resourceVersion]);
  });

  it('says what holds one that is still being deleted', async () => {
    const run = fresh();
    await ensure(run);
    const { metadata } = await namespaceOf(`${world.namespace}-fresh`);
    await world.host.remove({ apiVersion: 'v1', kind: 'Namespace', name: metadata.name }, { uid: metadata.uid! });
    const call = world.call('host/namespace', { run });
    const whys: string[] = [];
    const waited = waiting(activities().ensureNamespace, call, (why, cancel) => {
      whys.push(why);
      cancel();
    });
    await expect(waited).rejects.toThrow(/cancel/i);
    expect(whys[0]).toBe(`namespace ${metadata.name} is still being deleted, held by finalizers kubernetes`);
  });

  it('does not take what another federation left for its own, but by --adopt', async () => {
    await ensure({ ...fresh(), federation: 'first', uuid: 'uuid-of-first' });
    const refused = await failureOf(ensure({ ...fresh(), federation: 'second' }));
    expect(refused).toMatchObject({ type: 'RECORD_OTHER', data: { federation: 'first', left: true } });
    expect((await ensure({ ...fresh(), federation: 'first' })).facts.uuid).toBe('uuid-of-first');
    const taken = await ensure({ ...fresh(), federation: 'second', adopt: true });
    expect(taken.facts.uuid).toBe('uuid-of-first');
    expect((await ensure({ ...fresh(), federation: 'second' })).facts.uuid).toBe('uuid-of-first');
  });
});

describe('removeNamespace', () => {
  it('leaves one that was there before, unless forced', async () => {
    await removeRecord();
    const kept = await removeNamespace();
    expect(kept).toMatchObject({ outcome: 'kept', note: expect.stringContaining('existed before') });
    const forced = await failureOf(removeNamespace({ undo: { deleteNamespace: true }, parked: true }));
    expect(forced.type).toBe('STILL_THERE');
    expect(await isGoing(world.namespace)).toBe(true);
  }, 60_000);

  it('takes away one that fedctl made, when nothing is in it', async () => {
    await labelled();
    await removeRecord();
    await failureOf(removeNamespace({ parked: true }));
    expect(await isGoing(world.namespace)).toBe(true);
  }, 60_000);

  it("leaves one in which people put something, and takes our labels off: it is nothing of the federation's then", async () => {
    await labelled();
    await put('of-a-person');
    await removeRecord();
    const kept = await removeNamespace();
    expect(kept).toMatchObject({ outcome: 'kept', note: expect.stringContaining('ConfigMap/of-a-person') });
    const { metadata } = await namespaceOf();
    expect(metadata.labels).not.toHaveProperty([labels.federation]);
    expect(await isGoing(world.namespace)).toBe(false);
  });

  it('leaves one with something of ours as it is, so that it is found again', async () => {
    await labelled();
    await put('ours', { labels: { [labels.federation]: world.run.uuid } });
    await put('of-a-person');
    await world.host.mergePatch(
      { apiVersion: 'v1', kind: 'ConfigMap', name: names.record, namespace: world.namespace },
      { metadata: { labels: { [labels.federation]: null } } },
    );
    expect((await removeNamespace()).outcome).toBe('kept');
    expect((await namespaceOf()).metadata.labels?.[labels.federation]).toBe(world.run.uuid);
  });

  it('leaves one whose record tells of a debt, even when forced', async () => {
    const call = world.call('host/record') as StepCall;
    await world.act(
      () =>
        inStep(world.deps, call, (scope) =>
          patchDebt(scope, 'member-1', { since: '2026-01-01T00:00:00.000Z', context: 'member-1', objects: 1 }),
        ),
      call,
    );
    const kept = await removeNamespace({ undo: { deleteNamespace: true } });
    expect(kept).toMatchObject({ outcome: 'kept', note: expect.stringContaining('until member-1') });
    expect(await isGoing(world.namespace)).toBe(false);
  });
});

describe('an undo of a run that another took over', () => {
  const takenOver: Partial<RunContext> = { firstRunId: 'the-run-before' };
  const gaveWay = { type: 'OWNER_CHANGED', nonRetryable: true };

  it('deletes nothing that fedctl made', async () => {
    const made = world.call('controller-manager/rbac') as StepCall;
    await world.act(activities().ensureControllerManagerRbac, made as never);
    const undone = undo('controller-manager/rbac', { run: takenOver });
    expect(await failureOf(world.act(activities().removeObjects, undone))).toMatchObject(gaveWay);
    expect(await world.read('v1', 'ServiceAccount', names.controllerManager)).toBeDefined();
    expect((await world.act(activities().removeObjects, undo('controller-manager/rbac'))).outcome).toBe('removed');
    expect(await world.read('v1', 'ServiceAccount', names.controllerManager)).toBeUndefined();
  });

  it('leaves record, Lease and namespace to the other, also once that gave the Lease back', async () => {
    await labelled();
    expect(await failureOf(removeRecord({ run: takenOver }))).toMatchObject(gaveWay);
    expect(await failureOf(removeNamespace({ run: takenOver, undo: { deleteNamespace: true } }))).toMatchObject(
      gaveWay,
    );
    await world.act(activities().markRecord, world.call('verify/record'));
    expect(await failureOf(removeRecord({ run: takenOver }))).toMatchObject(gaveWay);
    expect(await world.read('v1', 'ConfigMap', names.record)).toBeDefined();
  });

  it('notes no debt, and leaves federated objects alone', async () => {
    const run = { ...takenOver, member: { name: 'member-1', context: 'member-1' } };
    expect(await failureOf(world.act(activities().openDebt, undo('clusters/member-1/debt', { run })))).toMatchObject(
      gaveWay,
    );
    const call = undo('down/federated-objects', { run: takenOver });
    const asked = { ...call, input: { choices: { volumes: 'keep' } } } as never;
    expect(await failureOf(world.act(activities().removeFederatedObjects, asked))).toMatchObject(gaveWay);
  });

  it('passes where there is no Lease any more: a worker died after it was taken away', async () => {
    await removeRecord();
    expect((await removeRecord()).outcome).toBe('removed');
  });

  it('of a run that never held it, rolled back, leaves the record and is done', async () => {
    const kept = await removeRecord({ run: { ...takenOver, rollback: true } });
    expect(kept).toMatchObject({ outcome: 'kept', note: expect.stringContaining('existed before this run') });
  });
});

describe('the namespace of a member', () => {
  it('stays with what people put into it, no longer ours', async () => {
    const member = await memberWorld(server, memberServer);
    const call = member.call('clusters/{cluster}/identity') as StepCall<object>;
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `shared-${member.run.uuid}` } };
    await member.act(() => inStep(member.deps, call, (scope) => ensureObject(scope, 'member', namespace)), call);
    const metadata = { name: 'of-a-person', namespace: namespace.metadata.name };
    await member.member.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    const { removeObjects } = createActivities(member.deps);
    const undone = await member.act(removeObjects, undoOf(call));
    expect(undone.note).toContain('is kept: it holds ConfigMap/of-a-person');
    const after = await member.member.read({ apiVersion: 'v1', kind: 'Namespace', name: namespace.metadata.name });
    expect(after?.metadata.deletionTimestamp).toBeUndefined();
    expect(after?.metadata.labels).not.toHaveProperty([labels.federation]);
    expect(await member.ledger()).toEqual([]);
  });
});
