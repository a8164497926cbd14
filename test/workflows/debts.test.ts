import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { debtWorkflowIdOf, memberWorkflowIdOf } from '../../src/run/input.ts';
import { cancelUpdate, getRunStateQuery, retryUpdate, skipUpdate } from '../../src/run/messages.ts';
import type { StepResult } from '../../src/catalogue/call.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { startTemporal } from '../helpers/temporal/temporal.ts';
import { eventually, type Handle, inRun, until } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

const reach = 'clusters/member-2/reach';
const unreached: StepResult = { outcome: 'done', facts: { reached: false } };
const down = { operation: 'down' as const, down: { volumes: 'keep' as const } };
const undone = (world: FakeWorld): string[] => world.calls.filter((id) => id.startsWith('undo clusters/member-2/'));
const debtOf = (federation: string): Handle =>
  env.client.workflow.getHandle(debtWorkflowIdOf(federation, 'member-2')) as Handle;

/** member-2 does not answer: a value for the look of the turn-down, a failure for the debt. */
function silent(world: FakeWorld): void {
  world.slowEveryMs = 100;
  world.break(reach);
  const broken = world.behaviour(reach)!;
  world.set(reach, (call, attempt) => (call.run.debt ? broken(call, attempt) : unreached));
}

describe('a member that cannot be reached while it leaves', () => {
  it('becomes a debt that outlives the turn-down, waits, and settles itself when the member answers', async () => {
    const world = new FakeWorld();
    silent(world);
    await inRun(
      env,
      world,
      async (handle, { federation }) => {
        expect((await handle.result()).status).toBe('completed');
        expect((await handle.query(getRunStateQuery)).clusters['member-2']!.status).toBe('unjoined');
        expect(undone(world)).toEqual(['undo clusters/member-2/register', 'undo clusters/member-2/credentials']);
        expect(world.calls.indexOf('clusters/member-2/debt')).toBeLessThan(world.calls.indexOf(undone(world)[0]!));
        expect(world.calls).toContain('undo clusters/member-1/identity');

        const debt = debtOf(federation);
        await until(debt, (state) => state.status === 'blocked');
        expect((await debt.describe()).memo).toMatchObject({ cluster: 'member-2', objects: 1 });
        world.fix(reach);
        expect((await debt.result()).status).toBe('completed');
      },
      down,
    );
    expect(undone(world).slice(2)).toEqual([
      'undo clusters/member-2/cluster-dns',
      'undo clusters/member-2/recycle',
      'undo clusters/member-2/identity',
    ]);
    expect(world.calls.at(-1)).toBe('clusters/member-2/debt');
    const told = world.runs.filter(({ id }) => id === 'undo clusters/member-2/identity');
    expect(told[0]!.run).toMatchObject({ debt: true, member: { name: 'member-2', context: 'member-2' } });
  }, 40_000);

  it('is closed by forgetting: only the record is told', async () => {
    const world = new FakeWorld();
    silent(world);
    await inRun(
      env,
      world,
      async (handle, { federation }) => {
        await handle.result();
        const debt = debtOf(federation);
        await until(debt, (state) => state.status === 'blocked');
        await debt.executeUpdate(cancelUpdate, { args: [{ by: 'ann@desk' }] });
        expect((await debt.result()).status).toBe('completed');
      },
      down,
    );
    expect(undone(world)).not.toContain('undo clusters/member-2/identity');
    expect(world.count('clusters/member-2/debt')).toBe(2);
  }, 40_000);

  it('goes on with a debt that is open already', async () => {
    const world = new FakeWorld();
    silent(world);
    await inRun(
      env,
      world,
      async (handle, input) => {
        await handle.result();
        const debt = debtOf(input.federation);
        await until(debt, (state) => state.status === 'blocked');
        const again = (await env.client.workflow.start('federationDown', {
          workflowId: `federation/${input.federation}`,
          taskQueue: `q-${input.federation}`,
          args: [input],
        })) as Handle;
        expect((await again.result()).status).toBe('completed');
        world.fix(reach);
        await debt.result();
      },
      down,
    );
    expect(world.count('undo clusters/member-2/identity')).toBe(1);
  }, 40_000);
});

describe('a member that goes down in the middle of its turn-down', () => {
  const [identity, again] = ['clusters/member-2/identity', `${reach}-again`];
  const lost = async (world: FakeWorld, goOn: (debt: Handle, federation: string) => Promise<void>): Promise<void> => {
    world.slowEveryMs = 100;
    world.break(`undo ${identity}`);
    await inRun(
      env,
      world,
      async (handle, { federation }) => {
        await goOn(handle, federation);
        expect((await handle.result()).status).toBe('completed');
        expect((await handle.query(getRunStateQuery)).clusters['member-2']!.status).toBe('unjoined');
        world.fix(`undo ${identity}`);
        expect((await debtOf(federation).result()).status).toBe('completed');
      },
      down,
    );
    expect(world.count('clusters/member-2/debt')).toBe(2);
    expect(world.count('undo clusters/member-2/register')).toBe(1);
    expect(world.calls.indexOf('clusters/member-2/debt')).toBeLessThan(world.calls.indexOf('undo host/record'));
  };

  it('becomes a debt where its undo parks', async () => {
    const world = new FakeWorld();
    world.set(again, () => unreached);
    await lost(world, async () => {});
    expect(world.runs.filter(({ id, run }) => id === `undo ${identity}` && run.debt)).not.toEqual([]);
  }, 40_000);

  it('becomes a debt where its parked undo is skipped', async () => {
    const world = new FakeWorld();
    await lost(world, async (handle, federation) => {
      await until(handle, (state) => state.clusters['member-2']?.status === 'blocked');
      await eventually(async () => world.count(again) === 1, 'a look at the member');
      world.set(again, () => unreached);
      const member = env.client.workflow.getHandle(memberWorkflowIdOf(federation, 'member-2'));
      await member.executeUpdate(skipUpdate, { args: [{ step: identity }] });
    });
    expect(world.count(again)).toBe(2);
  }, 40_000);

  it('is no debt while it answers: its undo stays parked until it is fixed', async () => {
    const world = new FakeWorld();
    world.break(`undo ${identity}`);
    await inRun(
      env,
      world,
      async (handle) => {
        await until(handle, (state) => state.clusters['member-2']?.status === 'blocked');
        await eventually(async () => world.count(again) === 1, 'a look at the member');
        world.fix(`undo ${identity}`);
        await handle.executeUpdate(retryUpdate, { args: [{}] });
        expect((await handle.result()).status).toBe('completed');
      },
      down,
    );
    expect(world.count('clusters/member-2/debt')).toBe(0);
  }, 40_000);
});
