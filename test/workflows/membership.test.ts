import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { cancelUpdate, getRunStateQuery, retryUpdate } from '../../src/run/messages.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { startTemporal } from '../helpers/temporal/temporal.ts';
import { aTestSpec, inRun, refusalOf, until } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

const [first, second] = aTestSpec.clusters;
const third = { ...first!, name: 'member-3', context: 'member-3' };

const standing = (): FakeWorld => {
  const world = new FakeWorld();
  world.standing = [first!, second!];
  return world;
};
const without = <T extends object>(input: T): T => ({ ...input, spec: undefined });

describe('join', () => {
  it('runs the steps of the new member alone, between record and verification, and parks like a turn-up', async () => {
    const world = standing();
    world.break('clusters/member-3/register');
    await inRun(
      env,
      world,
      async (handle) => {
        await until(handle, (state) => state.status === 'blocked');
        world.fix('clusters/member-3/register');
        await handle.executeUpdate(retryUpdate, { args: [{}] });
        expect((await handle.result()).status).toBe('completed');
      },
      without({ operation: 'join' as const, join: [third] }),
    );
    const host = world.calls.filter((id) => !id.startsWith('clusters/'));
    expect(host).toEqual(['preflight/host', 'preflight/members', 'host/record', 'verify/clusters', 'verify/record']);
    expect(world.calls.filter((id) => /member-[12]/.test(id))).toEqual([]);
    expect(world.calls.indexOf('clusters/member-3/reach')).toBeGreaterThan(world.calls.indexOf('host/record'));
    expect(world.count('clusters/member-3/register')).toBe(2);
  });

  it('is rolled back as a turn-up is', async () => {
    const world = standing();
    world.break('clusters/member-3/ready');
    await inRun(
      env,
      world,
      async (handle) => {
        await until(handle, (state) => state.status === 'blocked');
        await handle.executeUpdate(cancelUpdate, { args: [{ rollback: true }] });
        await handle.result().catch(() => undefined);
        expect((await handle.query(getRunStateQuery)).status).toBe('cancelled');
      },
      without({ operation: 'join' as const, join: [third] }),
    );
    expect(world.calls.filter((id) => id.startsWith('undo ') && !id.includes('member-3'))).toEqual([
      'undo host/record',
    ]);
    expect(world.calls).toContain('undo clusters/member-3/identity');
  });
});

describe('unjoin', () => {
  it('undoes one member, and then takes it out of the record', async () => {
    const world = standing();
    await inRun(
      env,
      world,
      async (handle) => {
        expect((await handle.result()).status).toBe('completed');
        expect((await handle.query(getRunStateQuery)).clusters['member-2']!.status).toBe('unjoined');
      },
      without({ operation: 'unjoin' as const, unjoin: ['member-2'] }),
    );
    expect(world.calls[0]).toBe('clusters/member-2/reach');
    expect(world.calls.at(-1)).toBe('verify/record');
    expect(world.calls.filter((id) => id.includes('member-1'))).toEqual([]);
    expect(world.calls).not.toContain('clusters/member-2/debt');
    const order = (id: string): number => world.calls.indexOf(`undo clusters/member-2/${id}`);
    expect(order('cluster-dns')).toBeLessThan(order('recycle'));
    expect(order('recycle')).toBeLessThan(order('register'));
    expect(order('register')).toBeLessThan(order('identity'));
  });

  it('cannot be rolled back', async () => {
    const world = standing();
    world.break('undo clusters/member-2/register');
    await inRun(
      env,
      world,
      async (handle) => {
        await until(handle, (state) => state.status === 'blocked');
        const asked = handle.executeUpdate(cancelUpdate, { args: [{ rollback: true }] });
        expect(await refusalOf(asked)).toContain('a run of unjoin cannot be rolled back');
        await handle.terminate();
      },
      without({ operation: 'unjoin' as const, unjoin: ['member-2'] }),
    );
  });
});

describe('up --prune', () => {
  const spec = { ...aTestSpec, clusters: [first!, third] };

  it('joins what is new and lets go what the spec does not name', async () => {
    const world = standing();
    await inRun(
      env,
      world,
      async (handle) => {
        expect((await handle.result()).status).toBe('completed');
        const { clusters } = await handle.query(getRunStateQuery);
        expect(Object.values(clusters).map(({ name, status }) => `${name} ${status}`)).toEqual([
          'member-1 ready',
          'member-3 ready',
          'member-2 unjoined',
        ]);
      },
      { spec, prune: true },
    );
    expect(world.calls).toContain('undo clusters/member-2/identity');
    expect(world.calls).not.toContain('clusters/member-2/identity');
    expect(world.calls.at(-1)).toBe('verify/record');
  });

  it('is what it takes: without it nobody leaves', async () => {
    const world = standing();
    await inRun(env, world, async (handle) => void (await handle.result()), { spec });
    expect(world.calls.filter((id) => id.includes('member-2'))).toEqual([]);
  });
});
