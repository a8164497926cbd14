import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CancelledFailure } from '@temporalio/common';
import { parse } from 'yaml';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { textOf } from '../../../activities/core/ledger.ts';
import { createActivities } from '../../../activities/index.ts';
import { serversOf } from '../../../activities/preflight/check-in-cluster.ts';
import {
  type FederationCluster,
  registeredAddress,
  secretVersionAnnotation,
} from '../../../src/distributions/federation/cluster-api.ts';
import { labels } from '../../../src/kubernetes/names.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import type { ClusterSpec } from '../../../src/spec/schema.ts';
import { aSpec } from '../../helpers/common/spec.ts';
import { activityEnvironment } from '../../helpers/temporal/activity-environment.ts';
import { undoOf } from '../../helpers/common/undo.ts';
import { activityTable } from '../../helpers/common/activity-table.ts';
import { type FakeFederationApi, startFederationApi } from '../../helpers/kubernetes/federation-api.ts';
import { waiting } from '../../helpers/kubernetes/host-world.ts';
import { startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, memberWorld, type MemberWorld } from '../../helpers/kubernetes/member-world.ts';

let hostServer: Awaited<ReturnType<typeof startKubeApiserver>>;
let memberServer: typeof hostServer;
let api: FakeFederationApi;
let world: MemberWorld;
let activities: ReturnType<typeof createActivities>;

beforeAll(async () => {
  [hostServer, memberServer] = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 180_000);
afterAll(() => Promise.all([hostServer?.stop(), memberServer?.stop()]));
beforeEach(async () => {
  [world, api] = await Promise.all([memberWorld(hostServer, memberServer), startFederationApi()]);
  activities = createActivities(world.deps);
  await controlPlane();
});
afterEach(() => {
  expect(api.misuse).toEqual([]);
  return api.stop();
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const inNamespace = (apiVersion: string, kind: string, name: string) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: world.namespace },
});
const adminRef = () => ({ apiVersion: 'v1', kind: 'Secret', name: names.adminKubeconfig, namespace: world.namespace });

/** What stands in the host when members come: the Deployment, and the kubeconfig of the federation's own API. */
async function controlPlane(): Promise<void> {
  const selector = { matchLabels: { app: 'federated-cluster' } };
  const template = {
    metadata: { labels: selector.matchLabels },
    spec: { containers: [{ name: 'apiserver', image: 'registry.example/hyperkube:1' }] },
  };
  const deployment = { ...inNamespace('apps/v1', 'Deployment', names.apiserver), spec: { selector, template } };
  const secret = {
    ...inNamespace('v1', 'Secret', names.adminKubeconfig),
    data: { kubeconfig: base64(api.kubeconfig) },
  };
  await world.host.create<KubeObject>(deployment);
  await world.host.create<KubeObject>(secret);
}

const step = 'clusters/{cluster}/register';
type Given = Parameters<MemberWorld['call']>[1];
const call = (secretVersion = '1', more: Given = {}) =>
  world.call(step, { facts: { secretName: 'member-1', secretVersion }, ...more });
const register = (secretVersion?: string, more?: Given) =>
  world.act(activities.ensureClusterRegistered, call(secretVersion, more));
const remove = (more?: Given) => world.act(activities.removeCluster, undoOf(call('1', more)));
const stands = () => api.clusters.get('member-1');
const entry = async () => (await world.ledger()).find(({ kind }) => kind === 'Cluster');

/** A Cluster of this name that somebody made by hand, as the guide does. */
function byHand(uid = 'by-hand'): void {
  api.clusters.set('member-1', {
    apiVersion: 'federation/v1beta1',
    kind: 'Cluster',
    metadata: { name: 'member-1', uid, resourceVersion: '7' },
    spec: { serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: 'https://10.0.0.1' }] },
  });
}

/** Runs an activity whose waits are over by now. */
const late = <I, O>(activity: (given: I) => Promise<O>, given: I): Promise<O> =>
  activityEnvironment({ scheduledTimestampMs: Date.now() - 60_000 }).run(activity, given) as Promise<O>;

activityTable('ensureClusterRegistered', {
  'first run': async () => {
    expect(await register()).toEqual({ outcome: 'created', facts: {} });
    expect(stands()).toMatchObject({
      metadata: {
        labels: { [labels.federation]: world.run.uuid, [labels.managedBy]: 'fedctl' },
        annotations: { [secretVersionAnnotation]: '1' },
      },
      spec: {
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: world.member.server }],
        secretRef: { name: 'member-1' },
      },
    });
    expect(await entry()).toMatchObject({
      uid: stands()!.metadata.uid,
      place: { kind: 'federation' },
      step: 'clusters/member-1/register',
      origin: 'created',
    });
  },
  'second run, no writes': async () => {
    await register();
    const [writes, ledger] = [api.writes.length, await world.ledger()];
    expect(await register()).toEqual({ outcome: 'kept', facts: {} });
    expect(api.writes).toHaveLength(writes);
    expect(await world.ledger()).toEqual(ledger);
  },
  'crash between act and record': async () => {
    api.failNext = { status: 500, after: true };
    expect(await failureOf(register())).toMatchObject({ type: 'SERVER_ERROR', nonRetryable: false });
    expect((await entry())!.uid).toBe('');
    const { uid } = stands()!.metadata;
    expect((await register()).outcome).toBe('kept');
    expect(stands()!.metadata.uid).toBe(uid);
    expect((await entry())!.uid).toBe(uid);
  },
  'permission denied': async () => {
    api.failNext = { status: 403 };
    expect(await failureOf(register())).toMatchObject({ type: 'FORBIDDEN', nonRetryable: true });
    expect(stands()).toBeUndefined();
  },
  conflict: async () => {
    // Somebody makes one of this name between our look and our POST.
    api.before = { method: 'POST', act: () => byHand() };
    expect(await failureOf(register())).toMatchObject({ type: 'CONFLICT', nonRetryable: false });
    expect(await failureOf(register())).toMatchObject({ type: 'FOREIGN', nonRetryable: true });
    expect(stands()!.metadata.uid).toBe('by-hand');
  },
  'not found': async () => {
    await world.host.mergePatch(adminRef(), { data: { kubeconfig: null } });
    expect(await failureOf(register())).toMatchObject({
      type: 'NOT_FOUND',
      message: expect.stringContaining(names.adminKubeconfig),
    });
  },
  timeout: async () => {
    await register('1');
    api.held = true;
    expect(await failureOf(late(activities.ensureClusterRegistered, call('2')))).toMatchObject({
      type: 'STILL_THERE',
      message: expect.stringContaining('member-1 is being deleted'),
    });
  },
  cancelled: async () => {
    await register('1');
    api.held = true;
    const run = waiting(activities.ensureClusterRegistered, call('2'), (_why, cancel) => cancel());
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
  },
});

describe('a Cluster that stands', () => {
  it('is made again when its Secret changed, and only the one that was read is deleted', async () => {
    await register('1');
    const before = stands()!.metadata.uid;
    const again = await register('2');
    expect(again).toMatchObject({ outcome: 'updated', note: expect.stringContaining('its Secret changed') });
    expect(api.preconditions).toEqual([before]);
    expect(stands()!.metadata.uid).not.toBe(before);
    expect(await entry()).toMatchObject({ uid: stands()!.metadata.uid, origin: 'created' });
  });

  it('is made again although the worker died between the deletion and the creation', async () => {
    await register('1');
    api.before = { method: 'POST', act: () => (api.failNext = { status: 500 }) };
    expect(await failureOf(register('2'))).toMatchObject({ type: 'SERVER_ERROR' });
    expect(stands()).toBeUndefined();
    expect((await register('2')).outcome).toBe('created');
    expect((await entry())!.uid).toBe(stands()!.metadata.uid);
  });

  it('is left to somebody who put another in its place at that very moment', async () => {
    await register('1');
    api.before = { method: 'DELETE', act: () => byHand() };
    expect(await failureOf(register('2'))).toMatchObject({ type: 'CONFLICT', nonRetryable: false });
    expect(stands()!.metadata.uid).toBe('by-hand');
  });

  it('gets the labels of the spec in place', async () => {
    await register();
    const { uid } = stands()!.metadata;
    const labelled = await register('1', { cluster: { labels: { region: 'eu' } } });
    expect(labelled.outcome).toBe('updated');
    expect(stands()!.metadata).toMatchObject({ uid, labels: { region: 'eu', [labels.federation]: world.run.uuid } });
  });

  it('is taken over with --adopt, changed in place, and stays when it is unjoined', async () => {
    byHand();
    expect(await failureOf(register())).toMatchObject({ type: 'FOREIGN', nonRetryable: true });
    const adopted = await register('1', { run: { adopt: true } });
    expect(adopted).toMatchObject({ outcome: 'updated', note: expect.stringContaining('adopted') });
    expect(stands()!.metadata.uid).toBe('by-hand');
    expect(await entry()).toMatchObject({ uid: 'by-hand', origin: 'adopted' });
    expect((await register()).outcome).toBe('kept');
    expect(await remove()).toMatchObject({ outcome: 'removed', note: expect.stringContaining('is kept') });
    expect(stands()!.metadata.uid).toBe('by-hand');
    expect(stands()!.metadata.labels).not.toHaveProperty([labels.federation]);
    expect(await entry()).toBeUndefined();
  });

  it('is not touched by a run that lost the federation', async () => {
    expect(await failureOf(register('1', { run: { firstRunId: 'another' } }))).toMatchObject({ type: 'OWNER_CHANGED' });
    expect(api.writes).toEqual([]);
  });
});

activityTable('removeCluster', {
  'first run': async () => {
    await register();
    const { uid } = stands()!.metadata;
    expect(await remove()).toEqual({ outcome: 'removed', facts: {} });
    expect(stands()).toBeUndefined();
    expect(api.preconditions).toEqual([uid]);
    expect(await entry()).toBeUndefined();
  },
  'second run, no writes': async () => {
    await register();
    await remove();
    const writes = api.writes.length;
    expect(await remove()).toEqual({ outcome: 'kept', facts: {} });
    expect(api.writes).toHaveLength(writes);
  },
  'crash between act and record': async () => {
    await register();
    api.failNext = { status: 500, after: true };
    expect(await failureOf(remove())).toMatchObject({ type: 'SERVER_ERROR', nonRetryable: false });
    expect(stands()).toBeUndefined();
    expect(await entry()).toBeDefined();
    expect((await remove()).outcome).toBe('removed');
    expect(await entry()).toBeUndefined();
  },
  'permission denied': async () => {
    await register();
    api.failNext = { status: 403 };
    expect(await failureOf(remove())).toMatchObject({ type: 'FORBIDDEN', nonRetryable: true });
    expect(stands()).toBeDefined();
    expect(await entry()).toBeDefined();
  },
  conflict: async () => {
    await register();
    // Gone, and another in its place, between our look and our DELETE: theirs stays.
    api.before = { method: 'DELETE', act: () => byHand() };
    expect((await remove()).outcome).toBe('removed');
    expect(stands()!.metadata.uid).toBe('by-hand');
  },
  'not found': async () => {
    await register();
    // The control plane is gone, and what stood in it: nothing of its API will ever answer again.
    await world.host.mergePatch(adminRef(), { data: { kubeconfig: base64('{}') } });
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: names.apiserver, namespace: world.namespace };
    const { metadata } = (await world.host.read(deployment))!;
    await world.host.remove(deployment, { uid: metadata.uid! });
    expect(await remove()).toMatchObject({
      outcome: 'removed',
      note: expect.stringContaining('control plane is gone'),
    });
    expect(await entry()).toBeUndefined();
  },
  timeout: async () => {
    await register();
    api.held = true;
    expect(await failureOf(late(activities.removeCluster, undoOf(call())))).toMatchObject({ type: 'STILL_THERE' });
    expect(await entry()).toBeDefined();
  },
  cancelled: async () => {
    await register();
    api.held = true;
    const run = waiting(activities.removeCluster, undoOf(call()), (_why, cancel) => cancel());
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
    expect(await entry()).toBeDefined();
  },
});

describe('removeCluster', () => {
  it('leaves what an earlier run registered to it, in a rollback', async () => {
    await register();
    const ledger = { apiVersion: 'v1', kind: 'ConfigMap', name: 'fedctl-ledger-member-1', namespace: world.namespace };
    const text = textOf({ ...(await entry())!, firstRunId: 'an-earlier-run' });
    await world.host.mergePatch(ledger, { data: { 'Cluster.member-1': text } });
    expect(await remove({ run: { rollback: true } })).toEqual({ outcome: 'kept', facts: {} });
    expect(stands()).toBeDefined();
  });
});

const ready = (waitMs: number, cluster: object = {}) => world.call('clusters/{cluster}/ready', { waitMs, cluster });
function says(type: string, more: object = {}): void {
  const found = stands()!;
  api.clusters.set('member-1', { ...found, status: { conditions: [{ type, status: 'True', ...more }] } });
}

activityTable('waitForClusterReady', {
  'first run': async () => {
    await register();
    const { result, whys } = await waiting(activities.waitForClusterReady, ready(30_000), () => says('Ready'));
    expect(whys[0]).toContain('member-1: not probed yet');
    expect(result).toEqual({ outcome: 'done', facts: {} });
  },
  'second run, no writes': async () => {
    await register();
    says('Ready');
    const writes = api.writes.length;
    await world.act(activities.waitForClusterReady, ready(0));
    await world.act(activities.waitForClusterReady, ready(0));
    expect(api.writes).toHaveLength(writes);
  },
  'crash between act and record': 'it only reads',
  'permission denied': 'the admin of the federation reads: activities/faults.test.ts has 403 of a read',
  conflict: 'it only reads',
  'not found': async () => {
    expect(await failureOf(world.act(activities.waitForClusterReady, ready(600_000)))).toMatchObject({
      type: 'NOT_FOUND',
      nonRetryable: true,
      message: expect.stringContaining('retry clusters/member-1/register'),
    });
  },
  timeout: async () => {
    await register();
    says('Offline', { reason: 'ClusterNotReachable' });
    expect(await failureOf(world.act(activities.waitForClusterReady, ready(100)))).toMatchObject({
      type: 'CLUSTER_NOT_READY',
      nonRetryable: true,
      message: expect.stringContaining(`cannot reach ${world.member.server} (ClusterNotReachable)`),
      data: { cluster: 'member-1', server: world.member.server, loopback: true },
    });
  },
  cancelled: async () => {
    await register();
    const run = waiting(activities.waitForClusterReady, ready(600_000), (_why, cancel) => cancel());
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
  },
});

describe('a member whose credentials were taken back after it joined', () => {
  const identity = () => names.memberIdentity(world.run.federation, 'member-1');
  const inMember = (kind: string) => ({ apiVersion: 'v1', kind, name: identity(), namespace: world.namespace });

  /** The token controller of a member's kube-controller-manager, which no bare API server has. */
  async function issueToken(token: string): Promise<void> {
    for (let tries = 0; tries < 400 && !(await world.member.read(inMember('Secret'))); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const data = { token: base64(token), 'ca.crt': base64('MEMBER CA') };
    await world.member.mergePatch(inMember('Secret'), { data });
  }
  /** The steps of a member, as every `up` runs them. */
  async function join(issued?: string): Promise<string[]> {
    const of = (id: string) => world.call(id as typeof step);
    const made = world.act(activities.ensureMemberIdentity, of('clusters/{cluster}/identity') as never);
    const [first] = await Promise.all([made, issued ? issueToken(issued) : undefined]);
    const stored = await world.act(activities.ensureMemberCredentials, of('clusters/{cluster}/credentials') as never);
    const { secretVersion } = stored.facts as { secretVersion: string };
    return [first.outcome, stored.outcome, (await register(secretVersion)).outcome];
  }
  const verify = () => {
    const { member: _member, ...run } = world.run;
    const input = { spec: { clusters: [{ name: 'member-1' }] }, facts: {} };
    const verifying = { step: 'verify/clusters', run, parked: false, waitMs: 0, input };
    return world.act(activities.verifyClusters, verifying as never);
  };
  const token = async (): Promise<string> => {
    const secret = await world.host.read({
      apiVersion: 'v1',
      kind: 'Secret',
      name: 'member-1',
      namespace: world.namespace,
    });
    return Buffer.from((secret!['data'] as { kubeconfig: string }).kubeconfig, 'base64').toString();
  };

  it('is named by the verification, and joined anew by the next up', async () => {
    expect(await join('first-token')).toEqual(['created', 'created', 'created']);
    says('Ready');
    expect(await verify()).toMatchObject({ outcome: 'done' });
    const before = stands()!.metadata.uid;

    for (const kind of ['Secret', 'ServiceAccount']) {
      const { metadata } = (await world.member.read(inMember(kind)))!;
      await world.member.remove(inMember(kind), { uid: metadata.uid! });
    }
    says('Offline', { reason: 'ClusterNotReachable', message: 'Unauthorized' });
    expect(await failureOf(verify())).toMatchObject({
      type: 'CLUSTERS_NOT_READY',
      nonRetryable: true,
      message: expect.stringMatching(/member-1: .*Unauthorized/),
    });

    expect(await join('second-token')).toEqual(['created', 'updated', 'updated']);
    expect(await token()).toContain('second-token');
    expect(await token()).not.toContain('first-token');
    // The control plane looks at a Secret once, when a Cluster appears: it is another Cluster now, in place of exactly that one.
    expect(api.preconditions).toEqual([before]);
    expect(stands()!.metadata.uid).not.toBe(before);
    says('Ready');
    expect(await verify()).toMatchObject({ outcome: 'done' });
    expect(await join()).toEqual(['kept', 'kept', 'kept']);
  });
});

describe('the address of a member', () => {
  it('is the same one for the kubeconfig, the check from a pod, the hint and the status', async () => {
    const address = 'https://10.9.8.7:6443';
    const cluster: Partial<ClusterSpec> = {
      credentials: 'copy',
      serverAddresses: [
        { clientCIDR: '10.0.0.0/8', serverAddress: 'https://127.0.0.1:1' },
        { clientCIDR: '0.0.0.0/0', serverAddress: address },
      ],
    };
    const given = world.call('clusters/{cluster}/credentials', { cluster });
    await world.act(activities.ensureMemberCredentials, given);
    const secret = { apiVersion: 'v1', kind: 'Secret', name: 'member-1', namespace: world.namespace };
    const { data } = (await world.host.read(secret)) as unknown as { data: { kubeconfig: string } };
    const kubeconfig = parse(Buffer.from(data.kubeconfig, 'base64').toString()) as object;
    expect(kubeconfig).toMatchObject({ clusters: [{ cluster: { server: address } }] });

    const spec = { ...aSpec({ clusters: ['member-1'] }), clusters: [given.input.cluster] };
    expect(await serversOf(world.deps, spec)).toEqual({ 'member-1': address });

    await register('1', { cluster });
    says('Offline');
    const failed = await failureOf(world.act(activities.waitForClusterReady, ready(0, cluster)));
    expect(failed).toMatchObject({ data: { server: address, loopback: false } });
    expect(failed.message).toContain(`cannot reach ${address}`);
    expect(failed.message).not.toContain('127.0.0.1');
    expect(registeredAddress(stands() as FederationCluster)).toBe(address);
  });
});
