import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { aSpec } from '../helpers/common/spec.ts';
import { startTemporal, withWorkers, workflowBundle } from '../helpers/temporal/temporal.ts';
import { builderQueueOf } from '../../src/run/input.ts';
import { getRunStateQuery } from '../../src/run/messages.ts';
import type { federationUp } from '../../workflows/index.ts';
import { inRun, queueOf, runInput, startRun, until } from './runs.ts';

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

  it('leave preflight to the workers of runs: a turn-up passes it while the builder is at work', async () => {
    const world = new FakeWorld();
    const spec = aSpec({ build: true });
    const input = runInput({ spec });
    const taskQueue = queueOf(input);
    const worker = await Worker.create({
      connection: env.nativeConnection,
      activities: world.activities(),
      taskQueue,
      workflowBundle: await workflowBundle(),
    });
    // Nobody takes a task of a build here, as when the one slot is taken.
    await worker.runUntil(async () => {
      const building = await startRun(env, input);
      await until(building, ({ steps }) => steps['preflight/build']?.status === 'running');
      const pulling = await env.client.workflow.start<typeof federationUp>('federationUp', {
        workflowId: `${input.federation}-pulls`,
        taskQueue,
        args: [{ ...input, federation: `${input.federation}-pulls`, spec: aSpec() }],
      });
      expect((await pulling.result()).status).toBe('completed');
      expect(world.count('preflight/build')).toBe(0);
      const { steps } = await building.query(getRunStateQuery);
      expect(steps['preflight/images']?.status).toBe('done');
      await building.terminate();
    });
  }, 60_000);

  it('are done again by another worker when the one that has the artefacts is away for good', async () => {
    const world = new FakeWorld();
    world.builderAwayMs = 1_500;
    const spec = aSpec({ build: true });
    world.set('images/binaries', (_call, attempt) => ({
      outcome: 'done',
      facts: { worker: attempt === 1 ? 'dead' : 'alive', source: '' },
    }));
    const input = runInput({ spec });
    const act = async (): Promise<void> => {
      const handle = await startRun(env, input);
      expect((await handle.result()).status).toBe('completed');
    };
    await withWorkers(env, queueOf(input), world.activities(), act, { builder: 'alive' });
    expect(world.calls.filter((id) => id.startsWith('images/'))).toEqual([
      'images/binaries',
      'images/binaries',
      'images/build',
      'images/owner',
      'images/push',
      'images/record',
    ]);
  }, 60_000);

  it('go back from the push too, and from a step that is parked', async () => {
    const world = new FakeWorld();
    world.builderAwayMs = 1_500;
    world.slowEveryMs = 500;
    const spec = aSpec({ build: true });
    world.set('images/binaries', (_call, attempt) => ({
      outcome: 'done',
      facts: { worker: attempt === 1 ? 'dying' : 'alive', source: '' },
    }));
    world.break('images/push');
    const input = runInput({ spec });
    const dying = await Worker.create({
      connection: env.nativeConnection,
      activities: world.activities(),
      taskQueue: builderQueueOf(queueOf(input), 'dying'),
    });
    const act = async (): Promise<void> => {
      const handle = await dying.runUntil(async () => {
        const started = await startRun(env, input);
        await until(started, ({ steps }) => steps['images/push']?.status === 'blocked');
        return started;
      });
      world.fix('images/push');
      expect((await handle.result()).status).toBe('completed');
    };
    await withWorkers(env, queueOf(input), world.activities(), act, { builder: 'alive' });
    expect(world.count('images/binaries')).toBe(2);
    expect(world.count('images/build')).toBe(2);
    expect(world.calls.at(-1)).not.toBe('images/push');
  }, 60_000);
});
