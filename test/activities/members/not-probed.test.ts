import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { createActivities } from '../../../activities/index.ts';
import type { FederationCluster } from '../../../src/distributions/federation/cluster-api.ts';
import type { StepCall, StepResult } from '../../../src/catalogue/call.ts';
import { appLabel, names } from '../../../src/distributions/federation/names.ts';
import { type FakeFederationApi, startFederationApi } from '../../helpers/kubernetes/federation-api.ts';
import { type HostWorld, hostWorld, waiting } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';

let server: KubeApiserver;
let world: HostWorld;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 120_000);
afterAll(() => server?.stop());
beforeEach(async () => {
  world = await hostWorld(server);
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
