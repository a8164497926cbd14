import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createActivities } from '../../../activities/index.ts';
import type { PlanResult } from '../../../activities/core/plan-steps.ts';
import type { StepCall } from '../../../src/catalogue/call.ts';
import { annotations, labels } from '../../../src/kubernetes/names.ts';
import { hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf } from '../../helpers/kubernetes/member-world.ts';

let server: KubeApiserver;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 90_000);
afterAll(() => server.stop());

it('has the namespace alone left to do where a turn-down ended after its record', async () => {
  const world = await hostWorld(server);
  const activities = createActivities(world.deps);
  const namespace = `${world.namespace}-left`;
  const metadata = {
    name: namespace,
    labels: { [labels.federation]: 'uuid-of-the-label' },
    annotations: { [annotations.federationName]: world.run.federation },
  };
  await world.host.create({ apiVersion: 'v1', kind: 'Namespace', metadata });
  const call = (federation: string): StepCall<never> =>
    ({
      ...world.call('host/record', { run: { federation, uuid: 'proposed', host: { ...world.run.host, namespace } } }),
      step: 'plan',
      input: { plan: { operation: 'down', down: { volumes: 'keep' } } },
    }) as unknown as StepCall<never>;
  const planned: PlanResult = await world.act(activities.planSteps, call(world.run.federation));
  expect(planned.facts.uuid).toBe('uuid-of-the-label');
  const { steps, clusters } = planned.facts.graph;
  expect(steps.map(({ id, activity }) => [id, activity])).toEqual([['host/namespace', 'removeNamespace']]);
  expect(clusters).toBeNull();
  expect(await failureOf(world.act(activities.planSteps, call('another')))).toMatchObject({ type: 'RECORD_NOT_FOUND' });
});
