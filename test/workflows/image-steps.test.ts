import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { FakeWorld } from '../helpers/fake-activities.ts';
import { aSpec } from '../helpers/spec.ts';
import { startTemporal } from '../helpers/temporal.ts';
import { inRun, until } from './runs.ts';

describe('steps that build', () => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => void (env = await startTemporal()), 120_000);
  afterAll(async () => env?.teardown());

  it('park after five quick attempts, though their patience is that of a long build', async () => {
    const world = new FakeWorld();
    world.set('images/push', () => {
      throw ApplicationFailure.create({ message: 'the registry is away', type: 'UNREACHABLE' });
    });
    const spec = aSpec({ build: true });
    await inRun(
      env,
      world,
      async (handle) => {
        const state = await until(handle, ({ steps }) => steps['images/push']?.status === 'blocked');
        expect(state.steps['images/push']?.error?.code).toBe('UNREACHABLE');
        expect(world.count('images/push')).toBeGreaterThanOrEqual(5);
        expect(world.count('images/push')).toBeLessThanOrEqual(6); // the first slow one may have been made
        await handle.terminate();
      },
      { spec },
    );
  }, 60_000);
});
