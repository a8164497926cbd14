import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { cancelUpdate, getRunStateQuery } from '../../src/run/messages.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { startTemporal } from '../helpers/temporal/temporal.ts';
import { endOf, type Handle, inRun, until } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

const blockedAt = 'clusters/member-1/register';
const blocked = (handle: Handle): Promise<unknown> => until(handle, (state) => state.status === 'blocked');

/** Runs a turn-up that blocks, and ends it; tells the run's first id. */
const ended = (world: FakeWorld, end: (handle: Handle) => Promise<unknown>): Promise<string> => {
  world.break(blockedAt);
  return inRun(env, world, async (handle) => {
    await blocked(handle);
    await end(handle);
    await endOf(handle);
    return (await handle.describe()).runId;
  });
};

describe('the federation of a run', () => {
  it('is held from the start by the run itself, which says so to every step', async () => {
    const world = new FakeWorld();
    const id = await inRun(env, world, async (handle) => {
      await handle.result();
      return (await handle.describe()).runId;
    });
    expect(world.held.map(({ firstRunId }) => firstRunId)).toEqual([id]);
    expect(world.runs.find(({ id: step }) => step === 'host/record')?.run.holds).toBe(true);
    // Its last step, verify/record, gives it back.
    expect(world.released).toEqual([]);
  });

  it.each<[string, (handle: Handle) => Promise<unknown>]>([
    ['cancelled by its Update', (handle) => handle.executeUpdate(cancelUpdate, { args: [{}] })],
    ["cancelled by Temporal's own cancellation", (handle) => handle.cancel()],
    ['rolled back', (handle) => handle.executeUpdate(cancelUpdate, { args: [{ rollback: true }] })],
  ])('is given back once when the run is %s', async (_how, end) => {
    const world = new FakeWorld();
    const id = await ended(world, end);
    expect(world.released.map(({ firstRunId }) => firstRunId)).toEqual([id]);
  });

  it('is given back when the run fails', async () => {
    const world = new FakeWorld();
    const id = await ended(world, async (handle) => {
      const { clusters } = await handle.query(getRunStateQuery);
      await env.client.workflow.getHandle(clusters['member-1']!.workflowId).terminate();
    });
    expect(world.released.map(({ firstRunId }) => firstRunId)).toEqual([id]);
  });

  it('does not keep a run open when it cannot be given back', async () => {
    const world = new FakeWorld();
    world.set('owner/release', () => {
      throw new Error('the host does not answer');
    });
    await ended(world, (handle) => handle.executeUpdate(cancelUpdate, { args: [{}] }));
    expect(world.released.length).toBeGreaterThan(1);
  }, 60_000);
});
