import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { cancelUpdate, getRunStateQuery, retryUpdate, skipUpdate } from '../../src/run/messages.ts';
import { memberWorkflowIdOf, type RunInput } from '../../src/run/input.ts';
import type { RunState } from '../../src/run/state.ts';
import { federationUp } from '../../workflows/index.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { aSpec } from '../helpers/common/spec.ts';
import { startTemporal, withWorkers } from '../helpers/temporal/temporal.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

let runs = 0;
const spec = aSpec({ clusters: ['member-1', 'member-2'], dns: true, build: true });

function input(change: Partial<RunInput> = {}): RunInput {
  const federation = `f${++runs}`;
  const host = { context: 'host', namespace: 'federation' };
  const base = {
    operation: 'up' as const,
    federation,
    uuid: 'proposed',
    startedBy: 'me@here',
    host,
    digest: 'd',
    spec,
  };
  return { ...base, searchAttributes: true, ...change };
}

type Handle = WorkflowHandle<typeof federationUp>;

async function inRun<T>(
  world: FakeWorld,
  work: (handle: Handle, started: RunInput) => Promise<T>,
  cached = 100,
): Promise<T> {
  const started = input();
  const taskQueue = `q-${started.federation}`;
  return withWorkers(
    env,
    taskQueue,
    world.activities(),
    async () => {
      const handle = await env.client.workflow.start(federationUp, {
        workflowId: `federation/${started.federation}`,
        taskQueue,
        args: [started],
      });
      return work(handle, started);
    },
    { maxCachedWorkflows: cached },
  );
}

/** Polls the run's state until it is as wanted; fails with the last state after 20 s. */
async function until(handle: Handle, wanted: (state: RunState) => boolean): Promise<RunState> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const state = await handle.query(getRunStateQuery);
    if (wanted(state)) return state;
    if (Date.now() > deadline) throw new Error(`still ${state.status}: ${JSON.stringify(state.steps, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('federationUp', () => {
  it('runs every step once, each after what it needs, and children for the members', async () => {
    const world = new FakeWorld();
    await inRun(world, async (handle, started) => {
      expect(await handle.result()).toEqual({ status: 'completed', uuid: 'uuid-of-the-label' });
      const state = await handle.query(getRunStateQuery);
      expect(Object.values(state.steps).map((step) => step.status)).not.toContain('pending');
      expect(Object.values(state.clusters).map((cluster) => cluster.status)).toEqual(['ready', 'ready']);
      const child = env.client.workflow.getHandle(memberWorkflowIdOf(started.federation, 'member-2'));
      expect(((await child.query(getRunStateQuery)) as RunState).status).toBe('completed');
    });
    expect(new Set(world.calls).size).toBe(world.calls.length);
    const order = (id: string): number => world.calls.indexOf(id);
    expect(order('controller-manager/deployment')).toBeGreaterThan(order('apiserver/ready'));
    expect(order('clusters/member-1/register')).toBeGreaterThan(order('controller-manager/ready'));
    expect(order('verify/clusters')).toBeGreaterThan(order('clusters/member-2/recycle'));
  });

  it('parks a step that fails for good, lets siblings go on, and goes on after retry', async () => {
    const world = new FakeWorld();
    world.break('apiserver/address');
    await inRun(world, async (handle) => {
      const blocked = await until(handle, (state) => state.status === 'blocked');
      expect(blocked.steps['apiserver/address']).toMatchObject({
        status: 'blocked',
        error: { code: 'FORBIDDEN', message: 'apiserver/address is broken on purpose' },
      });
      expect(blocked.blockedSince).not.toBeNull();
      expect(blocked.steps['etcd/claim']!.status).toBe('done');
      expect(blocked.steps['dns/zone']!.status).toBe('done');
      expect(blocked.steps['apiserver/credentials']!.status).toBe('pending');
      world.fix('apiserver/address');
      expect(await handle.executeUpdate(retryUpdate, { args: [{ steps: ['apiserver/address'] }] })).toContain(
        'apiserver/address',
      );
      expect((await handle.result()).status).toBe('completed');
    });
    expect(world.count('apiserver/address')).toBe(2);
    expect(world.count('etcd/claim')).toBe(1);
  });

  it('refuses commands for steps that are not blocked, in words', async () => {
    const world = new FakeWorld();
    world.break('etcd/claim');
    await inRun(world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked');
      const retry = (step: string): Promise<unknown> =>
        handle.executeUpdate(retryUpdate, { args: [{ steps: [step] }] });
      const cause = async (promise: Promise<unknown>): Promise<string> =>
        promise.then(
          () => 'accepted',
          (error: { cause?: Error }) => error.cause?.message ?? '',
        );
      expect(await cause(retry('no/such'))).toContain('no step no/such');
      expect(await cause(retry('apiserver/deployment'))).toContain('is pending, not blocked');
      expect(await cause(retry('dns/zone'))).toContain('no blocked step needs it');
      expect(await cause(handle.executeUpdate(skipUpdate, { args: [{ step: 'etcd/claim' }] }))).toContain(
        'cannot be skipped',
      );
      await handle.terminate();
    });
  });

  it('runs a finished step again, and what lies between, when a blocked step needs it', async () => {
    const world = new FakeWorld();
    world.break('apiserver/ready');
    await inRun(world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked');
      world.fix('apiserver/ready');
      await handle.executeUpdate(retryUpdate, { args: [{ steps: ['apiserver/credentials'] }] });
      expect((await handle.result()).status).toBe('completed');
    });
    expect(['apiserver/credentials', 'apiserver/deployment', 'apiserver/ready'].map((id) => world.count(id))).toEqual([
      2, 2, 2,
    ]);
    expect(world.count('etcd/claim')).toBe(1);
  });

  it('skips where the catalogue allows it', async () => {
    const world = new FakeWorld();
    world.break('dns/delegation');
    await inRun(world, async (handle) => {
      await until(handle, (state) => state.steps['dns/delegation']?.status === 'blocked');
      await handle.executeUpdate(skipUpdate, { args: [{ step: 'dns/delegation' }] });
      expect((await handle.result()).status).toBe('completed');
      expect((await handle.query(getRunStateQuery)).steps['dns/delegation']!.status).toBe('skipped');
    });
  });

  it('goes on by itself: slow attempts leave nothing in history', async () => {
    const world = new FakeWorld();
    world.slowEveryMs = 100;
    world.break('preflight/dns');
    await inRun(world, async (handle) => {
      await until(handle, () => world.count('preflight/dns') > 4);
      const events = (await handle.fetchHistory()).events!.length;
      await until(handle, () => world.count('preflight/dns') > 10);
      expect((await handle.fetchHistory()).events!.length - events).toBeLessThan(3);
      world.fix('preflight/dns');
      expect((await handle.result()).status).toBe('completed');
    });
  }, 40_000);

  it('keeps a blocked member from stopping the others, and passes a retry on to it', async () => {
    const world = new FakeWorld();
    world.break('clusters/member-1/reach');
    await inRun(world, async (handle) => {
      const blocked = await until(handle, (state) => state.status === 'blocked');
      expect(blocked.clusters['member-1']).toMatchObject({ status: 'blocked', blockedStep: 'clusters/member-1/reach' });
      expect(blocked.clusters['member-2']!.status).toBe('ready');
      world.fix('clusters/member-1/reach');
      await handle.executeUpdate(retryUpdate, { args: [{}] });
      expect((await handle.result()).status).toBe('completed');
    });
  });

  it('ends cancelled by cancel, and failed with words by the Update of that name; what it made is kept', async () => {
    const world = new FakeWorld();
    world.break('apiserver/address');
    await inRun(world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked');
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect((await handle.describe()).status.name).toBe('CANCELLED');
      expect((await handle.query(getRunStateQuery)).status).toBe('cancelled');
    });
    await inRun(world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked');
      await handle.executeUpdate(cancelUpdate, { args: [{ by: 'ann@desk' }] });
      const error = (await handle.result().catch((thrown: unknown) => thrown)) as WorkflowFailedError;
      expect(error.cause?.message).toContain('cancelled by ann@desk');
    });
    expect(world.calls).not.toContain('removeObjects');
  });

  it('shows its state in search attributes and finds the same end without a cache', async () => {
    const world = new FakeWorld();
    world.break('etcd/claim');
    await inRun(
      world,
      async (handle, started) => {
        await until(handle, (state) => state.status === 'blocked');
        const found = async (): Promise<number> => {
          const query = `WorkflowId = 'federation/${started.federation}' AND FedctlStatus = 'blocked' AND FedctlBlockedStep = 'etcd/claim'`;
          return (await env.client.workflow.count(query)).count;
        };
        const deadline = Date.now() + 10_000;
        while ((await found()) !== 1 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
        expect(await found()).toBe(1);
        world.fix('etcd/claim');
        await handle.executeUpdate(retryUpdate, { args: [{}] });
        expect((await handle.result()).status).toBe('completed');
      },
      0,
    );
    expect(world.count('etcd/claim')).toBe(2);
  });
});
