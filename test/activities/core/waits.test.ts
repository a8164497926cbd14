import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { allObjects } from '../../../activities/core/bookkeeping.ts';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { failure, retryable } from '../../../activities/kit/fail.ts';
import { createActivities } from '../../../activities/index.ts';
import { removeAndWait } from '../../../activities/core/objects.ts';
import { waitUntil } from '../../../activities/kit/wait.ts';
import type { FederationCluster } from '../../../src/distributions/federation/cluster-api.ts';
import type { StepCall, StepResult } from '../../../src/catalogue/call.ts';
import { appLabel, labels, names } from '../../../src/kubernetes/names.ts';
import { activityEnvironment } from '../../helpers/temporal/activity-environment.ts';
import { type FakeFederationApi, kubeconfigFor, startFederationApi } from '../../helpers/kubernetes/federation-api.ts';
import { type HostWorld, hostWorld, waiting } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, kubeconfigFile } from '../../helpers/kubernetes/member-world.ts';

let server: KubeApiserver;
let world: HostWorld;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 120_000);
afterAll(() => server?.stop());
beforeEach(async () => {
  world = await hostWorld(server);
});

describe('a server that asks to slow down', () => {
  let asked: number[];
  let slow: http.Server;
  beforeEach(async () => {
    asked = [];
    slow = http.createServer((_request, response) => {
      asked.push(Date.now());
      if (asked.length > 1) return response.end(JSON.stringify({ resources: [], items: [] }));
      return response
        .writeHead(429, { 'retry-after': '1' })
        .end(JSON.stringify({ kind: 'Status', message: 'slow down' }));
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    slow.closeAllConnections();
    slow.close();
  });

  it('is left alone for so long inside a wait too', async () => {
    const { port } = slow.address() as AddressInfo;
    const text = kubeconfigFor({ server: `http://127.0.0.1:${port}`, user: { token: 'any' } });
    const kube = await world.deps.kube.forContext(kubeconfigFile(text));
    const look = async () => {
      const { status } = await kube.get('/version');
      if (status === 429) throw failure('RATE_LIMITED', 'slow down', {}, { retryAfterMs: 1_000 });
      return { value: status };
    };
    const wait = () => waitUntil({ waitMs: 20_000 }, 'UNREACHABLE', look, { everyMs: 10 });
    expect(await activityEnvironment({ scheduledTimestampMs: Date.now() }).run(wait)).toBe(200);
    expect(asked).toHaveLength(2);
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(950);
  });

  it('is left alone for so long by a parked step, too', () => {
    const told = failure('RATE_LIMITED', 'slow down', {}, { retryAfterMs: 5_000 });
    expect(retryable(told).nextRetryDelay).toBe(5_000);
    expect(retryable(failure('FORBIDDEN', 'no')).nextRetryDelay).toBeUndefined();
  });
});

describe('an object that goes slowly', () => {
  it('has its own time, however long its step has worked on others', async () => {
    const metadata = { name: 'slow', namespace: world.namespace, finalizers: ['example.com/hold'] };
    const made = await world.host.create<KubeObject>({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'slow', namespace: world.namespace };
    const environment = activityEnvironment({ scheduledTimestampMs: Date.now() - 600_000 });
    const whys: string[] = [];
    let freed = Promise.resolve<unknown>(undefined);
    environment.on('heartbeat', (why: string) => {
      if (whys.push(why) === 1) freed = world.host.mergePatch(ref, { metadata: { finalizers: null } });
    });
    await environment.run(() => removeAndWait(world.host, { waitMs: 0, parked: false }, ref, made.metadata.uid!));
    await freed;
    expect(whys[0]).toBe('ConfigMap slow is being deleted, held by finalizers example.com/hold');
    expect(await world.host.read(ref)).toBeUndefined();
  });
});

describe('$KUBECONFIG', () => {
  const list = (...files: string[]): string => files.join(delimiter);

  it('may list files that are not there, as for kubectl; a file that the spec names may not', async () => {
    const clients = kubeClients({ KUBECONFIG: list('/nowhere/config', server.kubeconfig) });
    const kube = await clients.forContext({ context: server.context });
    expect((await kube.get('/readyz')).status).toBe(200);
    const none = kubeClients({ KUBECONFIG: '/nowhere/config' }).forContext({ context: 'admin' });
    expect(await failureOf(none as never)).toMatchObject({
      type: 'CONTEXT_NOT_FOUND',
      message: expect.stringContaining('contexts there: none'),
    });
    const named = clients.forContext({ context: 'admin', kubeconfig: '/nowhere/config' });
    expect(await failureOf(named as never)).toMatchObject({
      type: 'CONTEXT_NOT_FOUND',
      message: expect.stringContaining('cannot read kubeconfig /nowhere/config'),
    });
  });
});

describe('a Cluster that nobody probes', () => {
  let api: FakeFederationApi;
  beforeEach(async () => {
    api = await startFederationApi();
    const data = { kubeconfig: Buffer.from(api.kubeconfig).toString('base64') };
    const metadata = { name: names.adminKubeconfig, namespace: world.namespace };
    await world.host.create({ apiVersion: 'v1', kind: 'Secret', metadata, data });
  });
  afterEach(() => api.stop());

  it('is waited for with what is wrong with the controller manager', async () => {
    const spec = { serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: 'https://m' }] };
    const kind = { apiVersion: 'federation/v1beta1', kind: 'Cluster', metadata: { name: 'member-1' } };
    api.clusters.set('member-1', { ...kind, spec } as FederationCluster);
    const module = { app: appLabel, module: names.controllerManager };
    const containers = [{ name: 'controller-manager', image: 'registry.example/hyperkube:1' }];
    const metadata = { name: names.controllerManager, namespace: world.namespace, labels: module };
    const template = { metadata: { labels: module }, spec: { containers } };
    const deployment = { replicas: 1, selector: { matchLabels: module }, template };
    await world.host.create({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deployment } as KubeObject);
    const pod = await world.host.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers },
    } as KubeObject);
    const terminated = { reason: 'Error', exitCode: 255, message: 'unknown flag: --zone-name' };
    const status = { name: 'controller-manager', image: 'x', imageID: 'x', ready: false, restartCount: 4 };
    await world.setStatus(pod, { containerStatuses: [{ ...status, state: { terminated } }] });

    const { run } = world.call('preflight/host', { run: { member: { ...server, name: 'member-1' } } });
    const input = { spec: {}, facts: {}, cluster: { name: 'member-1', context: server.context } };
    const call = { step: 'clusters/member-1/ready', run, parked: false, waitMs: 20_000, input } as StepCall<never>;
    const activity = createActivities(world.deps).waitForClusterReady as (call: StepCall<never>) => Promise<StepResult>;
    const { whys } = await waiting(activity, call, () => {
      const conditions = [{ type: 'Ready', status: 'True' }];
      api.clusters.set('member-1', { ...kind, spec, status: { conditions } } as FederationCluster);
    });
    expect(whys[0]).toContain('member-1: not probed yet');
    expect(whys[0]).toContain('federation-controller-manager is not healthy');
    expect(whys[0]).toContain('unknown flag: --zone-name');
  });
});

describe('the objects of a federation', () => {
  it("are those of the ledgers and the federation's own books, with the steps that made them", async () => {
    await world.act(createActivities(world.deps).ensureControllerManagerRbac, world.call('controller-manager/rbac'));
    const say = async () =>
      (await allObjects(world.host, world.namespace)).map(({ kind, name, step, uid }) => {
        expect(uid).toBeTruthy();
        return `${step}: ${kind} ${name}`;
      });
    const books = [
      'host/record: ConfigMap fedctl-ledger',
      'host/record: ConfigMap fedctl-record',
      'host/record: Lease fedctl-owner',
    ];
    const ledgered = ['Role', 'RoleBinding', 'ServiceAccount'].map(
      (kind) => `controller-manager/rbac: ${kind} ${names.controllerManager}`,
    );
    expect((await say()).sort()).toEqual([...ledgered, ...books]);
    const ref = { apiVersion: 'v1', kind: 'Namespace', name: world.namespace };
    await world.host.mergePatch(ref, { metadata: { labels: { [labels.federation]: world.run.uuid } } });
    expect(await say()).toContain(`host/namespace: Namespace ${world.namespace}`);
  });
});
