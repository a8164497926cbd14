import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { StepCall } from '../../src/catalogue/call.ts';
import { memberWorkflowIdOf } from '../../src/run/input.ts';
import { amendUpdate, cancelUpdate, getRunStateQuery } from '../../src/run/messages.ts';
import type { Spec } from '../../src/spec/schema.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import type { HistoryEvent } from '../helpers/temporal/histories.ts';
import { startTemporal } from '../helpers/temporal/temporal.ts';
import { aTestSpec, endOf, eventually, type Handle, inRun, refusalOf, until } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

const amend = (handle: Handle, change: Partial<Spec>): Promise<string> =>
  handle.executeUpdate(amendUpdate, { args: [{ spec: { ...aTestSpec, ...change }, digest: 'e', by: 'ann@desk' }] });
const image = { registry: 'registry.example:5000', name: 'hyperkube-amd64', version: 'v1.5.1' };
const images = { ...aTestSpec.images, apiserver: image };
const specOf = (call: StepCall): Partial<Spec> => (call.input as { spec: Partial<Spec> }).spec;

describe('retry -f', () => {
  it('runs again what reads the change, with the new input, and nothing else', async () => {
    const world = new FakeWorld();
    world.break('apiserver/ready');
    const versions: (string | undefined)[] = [];
    world.set('apiserver/deployment', (call) => {
      versions.push(specOf(call).images?.apiserver.version);
      return undefined;
    });
    await inRun(env, world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked');
      world.fix('apiserver/ready');
      expect(await amend(handle, { images })).toContain('images/record');
      expect((await handle.result()).status).toBe('completed');
      expect((await handle.describe()).memo).toMatchObject({ digest: 'e' });
    });
    expect(versions).toEqual(['v1.5.0', 'v1.5.1']);
    expect(['host/namespace', 'etcd/claim', 'dns/zone', 'images/record'].map((id) => world.count(id))).toEqual([
      1, 1, 1, 2,
    ]);
    expect(world.runs.filter(({ id }) => id === 'images/record').map(({ run }) => run.digest)).toEqual(['d', 'e']);
  });

  it('interrupts a step that works with what is no longer right', async () => {
    const world = new FakeWorld();
    world.set('apiserver/address', async (call) => {
      if (specOf(call).apiserver?.advertiseAddress === undefined)
        await new Promise((resolve) => setTimeout(resolve, 3_000));
      return undefined;
    });
    await inRun(env, world, async (handle) => {
      await until(handle, (state) => state.steps['apiserver/address']?.status === 'running');
      await amend(handle, { apiserver: { ...aTestSpec.apiserver, advertiseAddress: '10.0.0.9' } });
      expect((await handle.result()).status).toBe('completed');
    });
    expect(world.count('apiserver/address')).toBe(2);
    expect(world.count('apiserver/credentials')).toBe(1);
  });

  it('fixes a blocked member with a new address, and leaves the other one alone', async () => {
    const world = new FakeWorld();
    world.break('clusters/member-1/ready');
    await inRun(env, world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked' && state.clusters['member-2']?.status === 'ready');
      world.fix('clusters/member-1/ready');
      const serverAddresses = [{ clientCIDR: '0.0.0.0/0', serverAddress: 'https://10.0.0.7' }];
      const clusters = aTestSpec.clusters.map((cluster) =>
        cluster.name === 'member-1' ? { ...cluster, serverAddresses, context: 'other' } : cluster,
      );
      expect(await amend(handle, { clusters })).toContain('clusters/member-1');
      expect((await handle.result()).status).toBe('completed');
    });
    const calls = world.runs.filter(({ id }) => id === 'clusters/member-1/register');
    expect(calls.map(({ run }) => run.member?.context)).toEqual(['member-1', 'other']);
    expect(world.count('clusters/member-2/register')).toBe(1);
  });

  it('joins a member again that was ready, when its entry changed', async () => {
    const world = new FakeWorld();
    world.break('clusters/member-1/reach');
    await inRun(env, world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked' && state.clusters['member-2']?.status === 'ready');
      const clusters = aTestSpec.clusters.map((cluster) => ({ ...cluster, labels: { region: 'here' } }));
      world.fix('clusters/member-1/reach');
      await amend(handle, { clusters });
      expect((await handle.result()).status).toBe('completed');
    });
    expect(world.count('clusters/member-2/register')).toBe(2);
    expect(world.count('clusters/member-1/register')).toBe(1);
  });

  it('refuses, in words and without touching anything, what this run cannot take', async () => {
    const world = new FakeWorld();
    world.break('apiserver/ready');
    await inRun(env, world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked');
      const calls = world.calls.length;
      const refused = (change: Partial<Spec>): Promise<string> => refusalOf(amend(handle, change));
      expect(await refused({ etcd: { ...aTestSpec.etcd, storage: '99Gi' } })).toContain('etcd/claim is done');
      expect(await refused({ clusters: aTestSpec.clusters.slice(0, 1) })).toContain('fedctl unjoin, or up --prune');
      const more = { ...aTestSpec.clusters[0]!, name: 'member-3' };
      expect(await refused({ clusters: [...aTestSpec.clusters, more] })).toContain('fedctl join');
      expect(await refused({ host: { ...aTestSpec.host, context: 'elsewhere' } })).toContain('spec.host cannot change');
      expect(await refused({ distribution: 'other' })).toBe(
        'spec.distribution cannot change while the federation is up (it is federation)',
      );
      expect(world.calls.length).toBe(calls);
      world.fix('apiserver/ready');
      const policy = { ...aTestSpec.policy, waits: { ...aTestSpec.policy.waits, rollout: 1_000 } };
      expect(await amend(handle, { policy })).toBe('amended; again: host/record');
      expect((await handle.result()).status).toBe('completed');
    });
    expect(world.count('etcd/claim')).toBe(1);
  });
});

/** A gate in the way of an activity: `reached` when it waits there, and goes on after `open`. */
function gate(): { reached: Promise<void>; open: () => void; wait: () => Promise<undefined> } {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const wait = async (): Promise<undefined> => {
    reached.resolve();
    await opened.promise;
    return undefined;
  };
  return { reached: reached.promise, open: () => opened.resolve(), wait };
}

describe('cancel while a change is being planned', () => {
  const cancelled = async (world: FakeWorld, cancel: (handle: Handle) => Promise<unknown>) => {
    world.break('apiserver/ready');
    const planning = gate();
    world.set('plan-again', planning.wait);
    return inRun(env, world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked');
      const amended = refusalOf(amend(handle, { images }));
      await planning.reached;
      await cancel(handle);
      planning.open();
      const end = await endOf(handle);
      return { amended: await amended, end, state: await handle.query(getRunStateQuery) };
    });
  };

  it('ends the run: what it made is kept, and the change is refused', async () => {
    const world = new FakeWorld();
    const { amended, end, state } = await cancelled(world, (handle) =>
      handle.executeUpdate(cancelUpdate, { args: [{ by: 'ann@desk' }] }),
    );
    expect(amended).toContain('the run is being cancelled');
    expect(end).toBe('cancelled by ann@desk; what it made is kept');
    expect(state.status).toBe('cancelled');
    expect(world.count('images/record')).toBe(1);
  });

  it('undoes what this run made, and nothing of the changed spec is done', async () => {
    const world = new FakeWorld();
    const { amended, end, state } = await cancelled(world, (handle) =>
      handle.executeUpdate(cancelUpdate, { args: [{ by: 'ann@desk', rollback: true }] }),
    );
    expect(amended).toContain('the run is being cancelled');
    expect(end).toBe('cancelled by ann@desk; what this run made is undone');
    expect(new Set(Object.values(state.steps).map(({ status }) => status))).toEqual(new Set(['undone']));
    expect(world.calls.filter((id) => id === 'images/record')).toHaveLength(1);
  });

  it("ends the run by Temporal's own cancellation too", async () => {
    const world = new FakeWorld();
    const { state, end } = await cancelled(world, (handle) => handle.cancel());
    expect(state.status).toBe('cancelled');
    expect(end).toBe('Workflow canceled');
  });
});

it('ends a member that is cancelled while it takes a change up only after its work has ended', async () => {
  const world = new FakeWorld();
  const working = gate();
  let ended = false;
  world.set('clusters/member-1/register', async () => {
    await working.wait();
    ended = true;
    return undefined;
  });
  await inRun(env, world, async (handle, { federation }) => {
    await working.reached;
    const clusters = aTestSpec.clusters.map((cluster) => ({ ...cluster, labels: { region: 'here' } }));
    await amend(handle, { clusters });
    const member = env.client.workflow.getHandle(memberWorkflowIdOf(federation, 'member-1')) as Handle;
    await inHistory(member, ({ workflowExecutionSignaledEventAttributes: signal }) => Boolean(signal));
    await member.cancel();
    await inHistory(member, (event) => Boolean(event.workflowExecutionCancelRequestedEventAttributes));
    await member.query(getRunStateQuery); // answered after the cancellation was taken
    expect((await member.describe()).status.name).toBe('RUNNING');
    working.open();
    await endOf(member);
    expect(ended).toBe(true);
    expect((await member.query(getRunStateQuery)).status).toBe('cancelled');
    await handle.terminate();
  });
});

/** Waits until an event stands in the history of a run. */
async function inHistory(handle: Handle, wanted: (event: HistoryEvent) => boolean): Promise<void> {
  const has = async (): Promise<boolean> => ((await handle.fetchHistory()).events ?? []).some(wanted);
  await eventually(has, 'an event in the history');
}
