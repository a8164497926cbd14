import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { memberWorkflowIdOf } from '../../src/run/input.ts';
import { clusterChangedSignal, getRunStateQuery, retryUpdate } from '../../src/run/messages.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { aSpec } from '../helpers/common/spec.ts';
import { startTemporal } from '../helpers/temporal/temporal.ts';
import { endOf, inRun, until } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

describe('one member among others', () => {
  it('fails alone when it is cancelled alone: its siblings go on', async () => {
    const world = new FakeWorld();
    world.break('clusters/member-1/reach');
    world.break('clusters/member-2/ready');
    await inRun(env, world, async (handle, { federation }) => {
      await until(handle, (state) => state.status === 'blocked');
      await env.client.workflow.getHandle(memberWorkflowIdOf(federation, 'member-1')).cancel();
      await until(handle, (state) => state.clusters['member-1']?.status === 'failed');
      world.fix('clusters/member-2/ready');
      await handle.executeUpdate(retryUpdate, { args: [{}] });
      expect(await endOf(handle)).toBe('member member-1 failed at clusters/member-1/reach');
      expect((await handle.query(getRunStateQuery)).clusters['member-2']!.status).toBe('ready');
    });
    expect(world.count('clusters/member-2/recycle')).toBe(1);
  });

  it('is not blocked by news that come after its end', async () => {
    const world = new FakeWorld();
    world.break('verify/clusters');
    await inRun(env, world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked');
      await handle.signal(clusterChangedSignal, { name: 'member-1', status: 'blocked', blockedStep: 'x' });
      world.fix('verify/clusters');
      await handle.executeUpdate(retryUpdate, { args: [{}] });
      expect((await handle.result()).status).toBe('completed');
    });
  });
});

describe('policy.parallelJoins', () => {
  const names = ['m-1', 'm-2', 'm-3', 'm-4', 'm-5'];
  const spec = aSpec({ clusters: names, spec: { policy: { parallelJoins: 2 } } });

  /** Counts the members between their first and last step; each holds its place until another one is there too. */
  function counting(world: FakeWorld, blocked: readonly string[] = []): () => number {
    const now = new Set<string>();
    let most = 0;
    for (const name of names.filter((other) => !blocked.includes(other))) {
      world.set(`clusters/${name}/reach`, async () => {
        most = Math.max(most, now.add(name).size);
        for (let waits = 0; now.size < 2 && waits < 20; waits += 1)
          await new Promise((resolve) => setTimeout(resolve, 50));
        return undefined;
      });
      world.set(`clusters/${name}/ready`, () => {
        now.delete(name);
        return undefined;
      });
    }
    return () => most;
  }

  it('is how many members join at once, and they do', async () => {
    const world = new FakeWorld();
    const most = counting(world);
    await inRun(env, world, async (handle) => void (await handle.result()), { spec });
    expect(most()).toBe(2);
  });

  it('does not count those that are blocked', async () => {
    const world = new FakeWorld();
    const blocked = names.slice(0, 3);
    for (const name of blocked) world.break(`clusters/${name}/reach`);
    const most = counting(world, blocked);
    await inRun(
      env,
      world,
      async (handle) => {
        const state = await until(handle, ({ status }) => status === 'blocked');
        expect(Object.values(state.clusters).map(({ status }) => status)).toEqual([
          'blocked',
          'blocked',
          'blocked',
          'ready',
          'ready',
        ]);
        await handle.terminate();
      },
      { spec },
    );
    expect(most()).toBe(2);
  });
});
