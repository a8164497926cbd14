import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readRecord } from '../../../activities/core/record.ts';
import { names } from '../../../src/kubernetes/names.ts';
import { hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';

let server: KubeApiserver;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 90_000);
afterAll(() => server.stop());

it('reads the record of an earlier version as it stands, whatever it does not know yet', async () => {
  const world = await hostWorld(server);
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: names.record, namespace: world.namespace };
  const spec = { host: { context: 'host', namespace: 'federation' }, clusters: [] };
  const gone = { images: null, members: null, previous: null, createdBy: null, updatedBy: null };
  await world.host.mergePatch(ref, { data: { ...gone, spec: JSON.stringify(spec), phase: 'up' } });
  const read = () => readRecord(world.host, world.namespace);
  expect(await read()).toMatchObject({ spec, phase: 'up', images: {}, members: [], debts: {}, createdBy: '' });
  await world.host.mergePatch(ref, { data: { spec: null, phase: 'of another version' } });
  expect(await read()).toMatchObject({ spec: null, phase: '', federation: 'myfederation' });
});
