import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { allObjects } from '../../../activities/core/bookkeeping.ts';
import { createActivities } from '../../../activities/index.ts';
import { labels } from '../../../src/kubernetes/names.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
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
