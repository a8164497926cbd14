import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { removeAndWait } from '../../../activities/core/objects.ts';
import { activityEnvironment } from '../../helpers/temporal/activity-environment.ts';
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
