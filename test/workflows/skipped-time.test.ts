import { ApplicationFailure } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { debtWorkflowIdOf } from '../../src/run/input.ts';
import { getRunStateQuery } from '../../src/run/messages.ts';
import type { StepState } from '../../src/run/state.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { startTimeSkipping } from '../helpers/temporal/time-skipping.ts';
import { endOf, type Handle, inRun } from './runs.ts';

/** What takes days, on a server that skips the time in which nothing happens. */
let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTimeSkipping();
}, 300_000);
afterAll(() => env?.teardown());

const hour = 3_600_000;
const day = 24 * hour;
/** The server of these tests knows no search attributes. */
const bare = { searchAttributes: false };

const lasted = ({ startedAt, finishedAt }: StepState): number => Date.parse(finishedAt!) - Date.parse(startedAt!);

/** A step fails until it was asked so often. */
function succeedsAt(world: FakeWorld, step: string, wanted: number): void {
  world.set(step, (call, attempt) => {
    if (attempt >= wanted) return undefined;
    throw ApplicationFailure.create({ message: 'not yet', type: 'FORBIDDEN', nonRetryable: !call.parked });
  });
}

const aWorld = (): FakeWorld => {
  const world = new FakeWorld();
  world.slowEveryMs = 6 * hour;
  return world;
};

describe('over days', () => {
  it('gives a parked step up after policy.blockedFor, 7 days by default, and not a day before', async () => {
    const world = aWorld();
    world.break('etcd/claim');
    const state = await inRun(
      env,
      world,
      async (handle) => {
        expect(await endOf(handle)).toContain('step etcd/claim failed');
        return handle.query(getRunStateQuery);
      },
      bare,
    );
    const took = lasted(state.steps['etcd/claim']!);
    expect(took).toBeGreaterThanOrEqual(7 * day);
    expect(took).toBeLessThan(8 * day);
    expect(world.count('etcd/claim')).toBeGreaterThan(25);
  }, 120_000);

  it('waits for a delegation that takes its parent days, and then goes on by itself', async () => {
    const world = aWorld();
    succeedsAt(world, 'dns/delegation', 18);
    const { steps } = await inRun(
      env,
      world,
      async (handle) => {
        expect(await endOf(handle)).toBe('completed');
        return handle.query(getRunStateQuery);
      },
      bare,
    );
    expect(steps['dns/delegation']!.status).toBe('done');
    expect(lasted(steps['dns/delegation']!)).toBeGreaterThan(4 * day);
  }, 120_000);

  it('settles a debt when its member answers after days, long after the turn-down', async () => {
    const world = aWorld();
    const reach = 'clusters/member-2/reach';
    succeedsAt(world, reach, 14);
    const debtor = world.behaviour(reach)!;
    world.set(reach, (call, attempt) =>
      call.run.debt ? debtor(call, attempt) : { outcome: 'done', facts: { reached: false } },
    );
    await inRun(
      env,
      world,
      async (handle, { federation }) => {
        expect(await endOf(handle)).toBe('completed');
        const debt = env.client.workflow.getHandle(debtWorkflowIdOf(federation, 'member-2')) as Handle;
        expect(await endOf(debt)).toBe('completed');
        expect(lasted((await debt.query(getRunStateQuery)).steps[reach]!)).toBeGreaterThan(3 * day);
      },
      { ...bare, operation: 'down', down: { volumes: 'keep' } },
    );
    expect(world.calls).toContain('undo clusters/member-2/identity');
  }, 120_000);
});
