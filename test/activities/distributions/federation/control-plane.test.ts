import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CancelledFailure } from '@temporalio/common';
import type { KubeObject } from '../../../../src/kubernetes/objects.ts';
import { createResolver } from '../../../../activities/clients/dns/resolver.ts';
import type { Deps } from '../../../../activities/core/deps.ts';
import { createActivities } from '../../../../activities/index.ts';
import { refOf } from '../../../../activities/core/objects.ts';
import type { StepCall, StepResult } from '../../../../src/catalogue/call.ts';
import { labels } from '../../../../src/kubernetes/names.ts';
import { names } from '../../../../src/distributions/federation/names.ts';
import { activityEnvironment } from '../../../helpers/temporal/activity-environment.ts';
import { activityTable } from '../../../helpers/common/activity-table.ts';
import { type DnsServer, startDnsServer } from '../../../helpers/dns/dns-server.ts';
import { type FakeApiserver, startFakeApiserver } from '../../../helpers/kubernetes/fake-apiserver.ts';
import { kubeconfigFor } from '../../../helpers/kubernetes/federation-api.ts';
import {
  dyingAfterWrite,
  type HostWorld,
  hostWorld,
  waiting,
  weakHost,
} from '../../../helpers/kubernetes/host-world.ts';
import { startKubeApiserver } from '../../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, kubeconfigFile, versions } from '../../../helpers/kubernetes/member-world.ts';

type Activities = ReturnType<typeof createActivities>;
type Activity = (call: StepCall<unknown>) => Promise<StepResult<object>>;

let server: Awaited<ReturnType<typeof startKubeApiserver>>;
let dns: DnsServer;
let world: HostWorld;
let activities: Activities;

beforeAll(async () => {
  [server, dns] = await Promise.all([startKubeApiserver(), startDnsServer()]);
}, 120_000);
afterAll(() => Promise.all([server?.stop(), dns?.stop()]));
beforeEach(async () => {
  world = await hostWorld(server);
  activities = createActivities(world.deps);
  await once({ ...lazyClass, provisioner: 'none', volumeBindingMode: 'WaitForFirstConsumer' });
});

const images = { apiserverImage: 'registry.example/hyperkube:1', etcdImage: 'registry.example/etcd:1' };
const apiserverFacts = { ...images, version: 'v1.5.0', address: '10.1.2.3', secretVersion: '7' };
const managerFacts = { image: 'registry.example/hyperkube:1', version: 'v1.5.0', secretVersion: '8' };
const lazyClass = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'lazy' } };
const rbac = 'rbac.authorization.k8s.io/v1';

/** Makes a cluster-scoped object that several tests share. */
async function once(object: KubeObject): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  if (!(await world.host.read({ apiVersion, kind, name: metadata.name }))) await world.host.create(object);
}

const lazyClaim = { spec: { etcd: { storage: '1Gi', storageClassName: 'lazy' } } };

/** The activities that bring objects of the host cluster to what is wanted: one row for each, filled in alike. */
const ensuring = [
  ['ensureApiserverService', 'apiserver/service', [['v1', 'Service', names.apiserver]], {}],
  ['ensureEtcdClaim', 'etcd/claim', [['v1', 'PersistentVolumeClaim', names.etcdClaim]], lazyClaim],
  [
    'ensureApiserverDeployment',
    'apiserver/deployment',
    [['apps/v1', 'Deployment', names.apiserver]],
    { facts: apiserverFacts },
  ],
  [
    'ensureControllerManagerRbac',
    'controller-manager/rbac',
    [
      ['v1', 'ServiceAccount', names.controllerManager],
      [rbac, 'Role', names.controllerManager],
      [rbac, 'RoleBinding', names.controllerManager],
    ],
    {},
  ],
  [
    'ensureControllerManagerDeployment',
    'controller-manager/deployment',
    [['apps/v1', 'Deployment', names.controllerManager]],
    { facts: managerFacts },
  ],
] as const;

for (const [name, step, objects, given] of ensuring) {
  const activityOf = (deps: Deps): Activity => createActivities(deps)[name] as unknown as Activity;
  const callOf = (more: object = {}): StepCall<unknown> => world.call(step, { ...given, ...more });
  const ensure = (more: object = {}) => world.act(activityOf(world.deps), callOf(more));
  const found = () => Promise.all(objects.map(([apiVersion, kind, object]) => world.read(apiVersion, kind, object)));
  const nothing = objects.map(() => undefined);

  activityTable(name, {
    'first run': async () => {
      expect(await ensure()).toMatchObject({ outcome: 'created' });
      const made = await found();
      expect(made.map((object) => object?.metadata.labels?.[labels.federation])).toEqual(
        objects.map(() => world.run.uuid),
      );
      const uids = made.map((object) => object?.metadata.uid);
      expect((await world.ledger()).map(({ uid }) => uid).sort()).toEqual(uids.sort());
    },
    'second run, no writes': async () => {
      await ensure();
      const made = await found();
      const ledger = await world.read('v1', 'ConfigMap', names.ledger);
      expect(await ensure()).toMatchObject({ outcome: 'kept' });
      // The API server stores a claim anew at its second apply, with nothing changed, and leaves it alone from the third on.
      const settled = name === 'ensureEtcdClaim' ? await found() : made;
      expect(await ensure()).toMatchObject({ outcome: 'kept' });
      expect(versions(await found())).toEqual(versions(settled));
      expect(versions([await world.read('v1', 'ConfigMap', names.ledger)])).toEqual(versions([ledger]));
    },
    'crash between act and record': async () => {
      const failed = failureOf(world.act(activityOf(dyingAfterWrite(world.deps)), callOf()));
      expect(await failed).toMatchObject({ type: 'SERVER_ERROR' });
      const first = (await found())[0]!;
      expect((await world.ledger()).map(({ uid }) => uid)).toEqual(objects.map(() => ''));
      await ensure();
      expect((await found())[0]!.metadata.uid).toBe(first.metadata.uid);
      expect((await world.ledger()).map(({ uid }) => uid)).toContain(first.metadata.uid);
    },
    'permission denied': async () => {
      const cluster = { 'insecure-skip-tls-verify': true };
      const text = kubeconfigFor({ server: world.host.server, cluster, user: { token: 'weak-token' } });
      const run = await weakHost(world, kubeconfigFile(text));
      expect(await failureOf(ensure({ run }))).toMatchObject({
        type: 'FORBIDDEN',
        nonRetryable: true,
        message: expect.stringContaining('"weak" cannot get resource'),
      });
      expect(await found()).toEqual(nothing);
    },
    // Another manager owns a field: parks, and takes it on the operator's word.
    conflict: async () => {
      await ensure();
      const [apiVersion, kind, object] = objects[0];
      const ref = { apiVersion, kind, name: object, namespace: world.namespace };
      const theirs = { metadata: { labels: { app: 'theirs' } } };
      await world.host.mergePatch(ref, theirs);
      // The same field manager may write by apply and by patch; both count as managers.
      expect(await failureOf(ensure())).toMatchObject({ type: 'FIELD_OWNED', message: expect.stringContaining('app') });
      expect(await ensure({ run: { takeOwnership: true } })).toMatchObject({ outcome: 'updated' });
      expect((await found())[0]!.metadata.labels!['app']).toBe('federated-cluster');
    },
    // The namespace is gone: nothing can be made in it, and nothing is.
    'not found': async () => {
      const run = { host: { ...world.run.host, namespace: 'no-such-namespace' } };
      expect(await failureOf(ensure({ run }))).toMatchObject({ nonRetryable: true });
      expect(await found()).toEqual(nothing);
    },
    timeout: 'only ensureEtcdClaim waits: see below; a silent server is in activities/faults.test.ts',
    cancelled: async () => {
      const environment = activityEnvironment({ scheduledTimestampMs: Date.now() });
      environment.cancel('CANCELLED');
      await expect(environment.run(activityOf(world.deps), callOf())).rejects.toBeInstanceOf(CancelledFailure);
      expect(await found()).toEqual(nothing);
    },
  });

  describe(`${name}, of what is not its own`, () => {
    it('leaves an object of somebody else alone', async () => {
      await ensure();
      const theirs = (await found())[0]!;
      const { apiVersion, kind, metadata } = theirs;
      const ref = { apiVersion, kind, name: metadata.name, namespace: world.namespace };
      await world.host.mergePatch(ref, { metadata: { labels: { [labels.federation]: 'another' } } });
      const before = await found();
      expect(await failureOf(ensure())).toMatchObject({ type: 'FOREIGN', nonRetryable: true });
      expect(versions(await found())).toEqual(versions(before));
    });

    it('gives way to a run that took the federation over', async () => {
      const run = { firstRunId: 'another' };
      expect(await failureOf(ensure({ run }))).toMatchObject({ type: 'OWNER_CHANGED' });
      expect(await found()).toEqual(nothing);
    });
  });
}

describe('patches of the spec', () => {
  it('are the last word on a rendered object', async () => {
    const metadata = { name: names.apiserver, annotations: { 'example.com/balancer': 'internal' } };
    const patches = [{ apiVersion: 'v1', kind: 'Service', metadata, spec: { externalTrafficPolicy: 'Local' } }];
    await world.act(activities.ensureApiserverService, world.call('apiserver/service', { spec: { patches } }));
    const service = (await world.read('v1', 'Service', names.apiserver))!;
    expect(service.metadata.annotations).toMatchObject({ 'example.com/balancer': 'internal' });
    expect(service['spec']).toMatchObject({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
  });
});

/** A warning about an object, as its controller would write it. */
const warn = (about: KubeObject, reason: string, message: string): Promise<KubeObject> =>
  world.host.create({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${about.metadata.name}.${reason.toLowerCase()}`, namespace: world.namespace },
    type: reason === 'WaitForFirstConsumer' ? 'Normal' : 'Warning',
    reason,
    message,
    lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
    involvedObject: {
      kind: about.kind,
      name: about.metadata.name,
      namespace: world.namespace,
      uid: about.metadata.uid,
    },
  } as KubeObject);

describe('waitForApiserverAddress', () => {
  const address = (given: { waitMs?: number; spec?: object } = {}) => world.call('apiserver/address', given);
  const expose = async (apiserver: object = {}): Promise<KubeObject> => {
    const spec = { apiserver: { ...world.spec.apiserver, ...apiserver } };
    await world.act(activities.ensureApiserverService, world.call('apiserver/service', { spec }));
    return (await world.read('v1', 'Service', names.apiserver))!;
  };
  const nodePort = { serviceType: 'NodePort' };
  const ofNodePort = (more: object = {}) => ({ apiserver: { ...world.spec.apiserver, ...nodePort, ...more } });
  const wait = (given: object = {}) => world.act(activities.waitForApiserverAddress, address(given));

  it("waits for the load balancer's ip, and says why meanwhile", async () => {
    const service = await expose();
    await warn(service, 'SyncLoadBalancerFailed', 'quota of addresses exceeded');
    const call = address({ waitMs: 20_000 });
    const { result, whys } = await waiting(activities.waitForApiserverAddress, call, () =>
      world.setStatus(service, { loadBalancer: { ingress: [{ ip: '10.88.0.200' }] } }),
    );
    expect(whys[0]).toContain('quota of addresses exceeded');
    expect(result).toEqual({
      outcome: 'done',
      note: 'https://10.88.0.200',
      facts: { address: '10.88.0.200', kind: 'ip', port: 443 },
    });
  });

  it('takes a host name only once it resolves', async () => {
    const service = await expose();
    await world.setStatus(service, { loadBalancer: { ingress: [{ hostname: 'lb.example' }] } });
    const call = address({ waitMs: 20_000, spec: { dns: { resolvers: [dns.address] } } });
    const { result, whys } = await waiting(activities.waitForApiserverAddress, call, () => {
      dns.records.set('lb.example', '10.1.2.3');
    });
    expect(whys[0]).toBe(
      `host name lb.example of the load balancer does not resolve yet (asked: the resolvers of the worker, ${dns.address})`,
    );
    expect(result.facts).toEqual({ address: 'lb.example', kind: 'hostname', port: 443 });
  });

  it('takes a host name that only the resolvers of the worker know: those of the spec may have just the zone', async () => {
    const service = await expose();
    await world.setStatus(service, { loadBalancer: { ingress: [{ hostname: 'lb.elsewhere.example' }] } });
    const elsewhere = await startDnsServer();
    try {
      elsewhere.records.set('lb.elsewhere.example', '10.1.2.3');
      const resolver = createResolver({ servers: [elsewhere.address] });
      const { waitForApiserverAddress } = createActivities({ ...world.deps, resolver });
      const call = address({ spec: { dns: { resolvers: [dns.address] } } });
      const { facts } = await world.act(waitForApiserverAddress, call);
      expect(facts).toEqual({ address: 'lb.elsewhere.example', kind: 'hostname', port: 443 });
    } finally {
      await elsewhere.stop();
    }
  });

  it('parks with the reason when it timed out', async () => {
    await expose();
    expect(await failureOf(wait({ waitMs: 100 }))).toMatchObject({
      type: 'NO_ADDRESS',
      nonRetryable: true,
      message: 'Service federation-apiserver has no load balancer address yet',
      data: { namespace: world.namespace },
    });
  });

  it('ends when it is cancelled', async () => {
    await expose();
    const call = address({ waitMs: 600_000 });
    const run = waiting(activities.waitForApiserverAddress, call, (_why, cancel) => cancel());
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
  });

  it("takes the operator's word before any other", async () => {
    const advertised = { apiserver: { ...world.spec.apiserver, advertiseAddress: 'api.example' } };
    await expose();
    expect((await wait({ spec: advertised })).facts).toEqual({ address: 'api.example', kind: 'hostname', port: 443 });
  });

  it('takes a Ready node and the nodePort', async () => {
    const service = await expose(nodePort);
    const [{ nodePort: port }] = (service['spec'] as { ports: [{ nodePort: number }] }).ports;
    const failed = await failureOf(wait({ spec: ofNodePort() }));
    expect(failed).toMatchObject({ type: 'NO_ADDRESS', message: expect.stringMatching(/none of 0 nodes is Ready/) });
    const node = (name: string, ready: string, addresses: object[]) =>
      world.host
        .create({ apiVersion: 'v1', kind: 'Node', metadata: { name } })
        .then((made) => world.setStatus(made, { conditions: [{ type: 'Ready', status: ready }], addresses }));
    await node('b', 'True', [{ type: 'InternalIP', address: '10.0.0.2' }]);
    await node('a', 'False', [{ type: 'ExternalIP', address: '192.0.2.1' }]);
    expect((await wait({ spec: ofNodePort() })).facts).toEqual({ address: '10.0.0.2', kind: 'ip', port });
    const c = [
      { type: 'InternalIP', address: '10.0.0.3' },
      { type: 'ExternalIP', address: '192.0.2.3' },
    ];
    await node('c', 'True', c);
    expect((await wait({ spec: ofNodePort() })).facts).toEqual({ address: '192.0.2.3', kind: 'ip', port });
    const advertised = await wait({ spec: ofNodePort({ advertiseAddress: '2001:db8::1' }) });
    expect(advertised).toMatchObject({ note: `https://[2001:db8::1]:${port}`, facts: { kind: 'ip', port } });
  });

  it('does not wait for a Service that is gone', async () => {
    expect(await failureOf(wait({ waitMs: 600_000 }))).toMatchObject({
      type: 'NOT_FOUND',
      message: expect.stringContaining('retry apiserver/service'),
    });
  });
});

describe('ensureEtcdClaim', () => {
  const call = (etcd: object, waitMs: number) => world.call('etcd/claim', { spec: { etcd }, waitMs });
  const claim = async (): Promise<KubeObject> => (await world.read('v1', 'PersistentVolumeClaim', names.etcdClaim))!;

  it('waits until it is Bound', async () => {
    const { result, whys } = await waiting(activities.ensureEtcdClaim, call({ storage: '1Gi' }, 20_000), async () =>
      world.setStatus(await claim(), { phase: 'Bound' }),
    );
    expect(whys[0]).toBe('claim federation-apiserver-etcd-claim is Pending');
    expect(result).toEqual({ outcome: 'created', note: 'the claim is Bound', facts: {} });
  });

  it('parks with what the events say', async () => {
    const etcd = { storage: '1Gi', storageClassName: 'fast' };
    await failureOf(world.act(activities.ensureEtcdClaim, call(etcd, 0)));
    await warn(await claim(), 'ProvisioningFailed', 'storageclass "fast" not found');
    expect(await failureOf(world.act(activities.ensureEtcdClaim, call(etcd, 0)))).toMatchObject({
      type: 'CLAIM_NOT_BOUND',
      nonRetryable: true,
      message: expect.stringContaining('storageclass "fast" not found'),
    });
  });

  it('does not wait for a class that waits for a pod', async () => {
    await once({ ...lazyClass, provisioner: 'none', volumeBindingMode: 'WaitForFirstConsumer' });
    const result = await world.act(
      activities.ensureEtcdClaim,
      call({ storage: '1Gi', storageClassName: 'lazy' }, 600_000),
    );
    expect(result).toMatchObject({ outcome: 'created', note: expect.stringContaining('when its pod is scheduled') });
  });

  it('makes room for another class while it has no volume, so no data', async () => {
    await failureOf(world.act(activities.ensureEtcdClaim, call({ storage: '1Gi', storageClassName: 'slow' }, 0)));
    const first = await claim();
    const { result } = await waiting(
      activities.ensureEtcdClaim,
      call({ storage: '2Gi', storageClassName: 'fast' }, 20_000),
      async (why) => {
        // The controllers of a cluster let go of a claim that nobody uses, and bind the next one.
        if (why.includes('is being deleted'))
          await world.host.mergePatch(refOf(first), { metadata: { finalizers: null } });
        else await world.setStatus(await claim(), { phase: 'Bound' });
      },
    );
    expect(result).toMatchObject({ outcome: 'created', note: 'the claim is Bound' });
    const second = await claim();
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
    expect(second['spec']).toMatchObject({ storageClassName: 'fast' });
    expect(await world.ledger()).toContainEqual(
      expect.objectContaining({ name: names.etcdClaim, uid: second.metadata.uid }),
    );
  });

  it('never takes away a claim that has its volume', async () => {
    const etcd = { storage: '1Gi', storageClassName: 'slow' };
    await failureOf(world.act(activities.ensureEtcdClaim, call(etcd, 0)));
    const { metadata } = await claim();
    await world.host.mergePatch(refOf(await claim()), { spec: { volumeName: 'theirs' } });
    const changed = call({ ...etcd, storageClassName: 'fast' }, 0);
    expect(await failureOf(world.act(activities.ensureEtcdClaim, changed))).toMatchObject({ type: 'INVALID' });
    expect((await claim()).metadata.uid).toBe(metadata.uid);
  });

  it('ends when it is cancelled', async () => {
    const run = waiting(activities.ensureEtcdClaim, call({ storage: '1Gi' }, 600_000), (_why, cancel) => cancel());
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
  });
});

/** The Deployment as its controller leaves it when all is well. */
async function rollOut(name: string): Promise<void> {
  const deployment = (await world.read('apps/v1', 'Deployment', name))!;
  const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
  await world.setStatus(deployment, { observedGeneration: deployment.metadata.generation, ...counts });
}

/** The Deployment as its controller leaves it with one pod, whose status is given. */
async function withPod(name: string, status: object, image = 'registry.example/hyperkube:1'): Promise<KubeObject> {
  const deployment = (await world.read('apps/v1', 'Deployment', name))!;
  const { generation } = deployment.metadata;
  await world.setStatus(deployment, { observedGeneration: generation, replicas: 1, updatedReplicas: 1 });
  const pod = await world.host.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-1`, namespace: world.namespace, labels: { app: 'federated-cluster', module: name } },
    spec: { containers: [{ name: 'controller-manager', image }] },
  } as KubeObject);
  await world.setStatus(pod, status);
  return pod;
}
const containerStatus = (more: object): object => ({
  containerStatuses: [
    { name: 'controller-manager', image: 'i', imageID: '', ready: false, restartCount: 3, state: {}, ...more },
  ],
});

describe('waitForControllerManager', () => {
  const call = (waitMs: number) => world.call('controller-manager/ready', { waitMs });
  const name = names.controllerManager;
  beforeEach(() =>
    world.act(
      activities.ensureControllerManagerDeployment,
      world.call('controller-manager/deployment', { facts: managerFacts }),
    ),
  );

  it('waits for its Deployment, the newest generation of it', async () => {
    const { result, whys } = await waiting(activities.waitForControllerManager, call(20_000), () => rollOut(name));
    expect(whys[0]).toBe('the Deployment controller has not observed federation-controller-manager yet');
    expect(result).toEqual({ outcome: 'done', facts: {} });
    const changed = { image: 'registry.example/hyperkube:2', version: 'v1.5.0', secretVersion: '8' };
    await world.act(
      activities.ensureControllerManagerDeployment,
      world.call('controller-manager/deployment', { facts: changed }),
    );
    expect(await failureOf(world.act(activities.waitForControllerManager, call(0)))).toMatchObject({
      type: 'ROLLOUT_NOT_READY',
      data: { namespace: world.namespace, deployment: name },
    });
  });

  it.each([
    [
      'IMAGE_CANNOT_BE_PULLED',
      containerStatus({ state: { waiting: { reason: 'ErrImagePull', message: 'dial tcp: timeout' } } }),
      'dial tcp: timeout',
    ],
    [
      'POD_CRASHES',
      containerStatus({ lastState: { terminated: { reason: 'Error', exitCode: 255, message: 'unknown flag' } } }),
      'unknown flag',
    ],
    [
      'POD_UNSCHEDULABLE',
      { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes: too little cpu' }] },
      'too little cpu',
    ],
  ])('parks with %s after the wait', async (type, status, message) => {
    await withPod(name, status);
    const failed = await failureOf(world.act(activities.waitForControllerManager, call(150)));
    expect(failed).toMatchObject({ type, nonRetryable: true, message: expect.stringContaining(message) });
  });

  it('does not wait on for an image that no registry has', async () => {
    await withPod(
      name,
      containerStatus({ state: { waiting: { reason: 'ErrImagePull', message: 'manifest unknown' } } }),
    );
    const failed = failureOf(world.act(activities.waitForControllerManager, call(600_000)));
    expect(await failed).toMatchObject({ type: 'IMAGE_CANNOT_BE_PULLED' });
  }, 15_000);

  it('does not judge by a pod of an older image', async () => {
    const waits = { state: { waiting: { reason: 'ErrImagePull', message: 'manifest unknown' } } };
    await withPod(name, containerStatus(waits), 'registry.example/hyperkube:0');
    // More looks than it takes to give up on an image.
    const { whys } = await waiting(activities.waitForControllerManager, call(60_000), async (_why, _cancel, count) => {
      if (count === 5) await rollOut(name);
    });
    expect(whys.length).toBeGreaterThan(3);
  }, 30_000);

  it('ends when it is cancelled', async () => {
    const run = waiting(activities.waitForControllerManager, call(600_000), (_why, cancel) => cancel());
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
  });
});

describe('with an apiserver that serves the stored certificate', () => {
  let api: FakeApiserver;
  let facts: { address: string; port: number };
  beforeEach(async () => {
    const { act, call } = world;
    await act(activities.ensureCertificateAuthority, call('apiserver/certificates'));
    const address = '127.0.0.1';
    await act(activities.ensureApiserverCredentials, call('apiserver/credentials', { facts: { address } }));
    api = await startFakeApiserver(world);
    facts = { address, port: api.port };
    await act(activities.ensureAdminKubeconfig, call('admin/kubeconfig', { facts }));
    await act(activities.ensureApiserverDeployment, call('apiserver/deployment', { facts: apiserverFacts }));
  });
  afterEach(() => api.stop());

  const ready = (waitMs: number) => world.call('apiserver/ready', { facts, waitMs });

  describe('waitForApiserver', () => {
    it('asks through the address, as the admin, until it is ok twice in a row', async () => {
      api.health = ['not yet', 'ok', 'etcd failed', 'ok', 'ok'];
      const { result, whys } = await waiting(activities.waitForApiserver, ready(60_000), () =>
        rollOut(names.apiserver),
      );
      expect(whys[0]).toContain('has not observed federation-apiserver yet');
      expect(whys.join()).toContain('/healthz answers 500: etcd failed');
      expect(api.askedBy).toEqual(Array.from({ length: 5 }, () => 'admin/system:masters'));
      expect(result.note).toBe(`https://127.0.0.1:${api.port}/healthz says ok`);
    }, 30_000);

    it('parks when the pods are there but nobody answers at the address', async () => {
      await rollOut(names.apiserver);
      await api.stop();
      expect(await failureOf(world.act(activities.waitForApiserver, ready(150)))).toMatchObject({
        type: 'APISERVER_NOT_HEALTHY',
        nonRetryable: true,
        message: expect.stringContaining('ECONNREFUSED'),
        data: { server: `https://127.0.0.1:${api.port}` },
      });
    });

    it('does not take another server for ours', async () => {
      await rollOut(names.apiserver);
      const { port } = new URL(world.host.server);
      const elsewhere = { address: '127.0.0.1', port: Number(port) };
      await world.act(activities.ensureAdminKubeconfig, world.call('admin/kubeconfig', { facts: elsewhere }));
      const failed = failureOf(world.act(activities.waitForApiserver, ready(150)));
      expect(await failed).toMatchObject({
        type: 'APISERVER_NOT_HEALTHY',
        message: expect.stringMatching(/CERT|SIGN/),
      });
    });
  });

  describe('verifyControlPlane', () => {
    const verify = (run: object = {}) =>
      world.act(activities.verifyControlPlane, world.call('verify/control-plane', { run }));
    beforeEach(async () => {
      const call = world.call('controller-manager/deployment', { facts: managerFacts });
      await world.act(activities.ensureControllerManagerDeployment, call);
      await rollOut(names.apiserver);
    });

    it('passes what stands', async () => {
      await rollOut(names.controllerManager);
      expect(await verify()).toMatchObject({ outcome: 'done', facts: {} });
    });

    it('tells everything that is wrong at once', async () => {
      api.health = ['etcd failed'];
      const failed = await failureOf(verify({ uuid: 'another' }));
      expect(failed).toMatchObject({ type: 'CONTROL_PLANE_NOT_READY', nonRetryable: true });
      expect(failed.message).toMatch(/federation-controller-manager: .*etcd failed.*the record .* not of another/);
    });
  });

  describe('verifyClusters', () => {
    const addresses = [{ clientCIDR: '0.0.0.0/0', serverAddress: 'https://10.0.0.1' }];
    const cluster = (name: string, type: string) => ({
      apiVersion: 'federation/v1beta1',
      kind: 'Cluster',
      metadata: { name },
      spec: { serverAddressByClientCIDRs: addresses },
      status: { conditions: [{ type, status: 'True' }] },
    });
    const call = (waitMs: number) =>
      world.call('verify/clusters', { waitMs, spec: { clusters: [{ name: 'one' }, { name: 'two' }] } });

    it('waits until every one is Ready', async () => {
      api.clusters = [cluster('one', 'Ready'), cluster('two', 'Offline')];
      const { result, whys } = await waiting(activities.verifyClusters, call(20_000), () => {
        api.clusters = [cluster('one', 'Ready'), cluster('two', 'Ready'), cluster('theirs', 'Offline')];
      });
      expect(whys[0]).toBe('1 of 2 clusters are not Ready: two: the control plane cannot reach https://10.0.0.1');
      expect(result).toEqual({ outcome: 'done', note: '2 clusters are Ready', facts: {} });
    });

    it('does not wait for one that was never registered', async () => {
      api.clusters = [cluster('one', 'Ready')];
      expect(await failureOf(world.act(activities.verifyClusters, call(600_000)))).toMatchObject({
        type: 'CLUSTERS_NOT_READY',
        nonRetryable: true,
        message: '1 of 2 clusters are not Ready: two: not registered with the federation',
      });
    });
  });
});
