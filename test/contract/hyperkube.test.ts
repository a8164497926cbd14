import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeApiserver } from './api.ts';
import { type BlockedTimeline, playBlocked } from './blocked.ts';
import { describeControllerManager } from './controller-manager.ts';
import { describeStandIn } from './kindnesses.ts';
import { send } from './request.ts';
import { createWorld, isStandIn, namespace, type World } from './world.ts';

// What was measured on the real control plane of Federation v1, sentence by sentence. The same suite runs against any
// other binary: CONTRACT_HYPERKUBE=/path/to/it.
describe('the control plane of Federation v1', () => {
  let world: World;
  let blocked: Promise<BlockedTimeline>;

  beforeAll(async () => {
    world = await createWorld();
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await send(world.main.endpoint, '/api/v1/namespaces', { method: 'POST', body });
    // It lasts a minute, so it runs beside everything else and is judged at the end.
    blocked = playBlocked(world);
    blocked.catch(() => {}); // told by the test that awaits it
  }, 180_000);
  afterAll(() => world?.stop(), 30_000);

  describeApiserver(() => world);
  if (isStandIn) describeStandIn(() => world);
  describeControllerManager(
    () => world,
    () => blocked,
  );
});
