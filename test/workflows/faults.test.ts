import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { failure, retryable } from '../../activities/kit/fail.ts';
import type { ErrorCodeName } from '../../src/errors/codes.ts';
import {
  endOf,
  type FaultClient,
  type FaultEnd,
  type FaultName,
  faults,
  faultTable,
  verdictOf,
} from '../../src/errors/faults.ts';
import { getRunStateQuery, retryUpdate } from '../../src/run/messages.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { startTemporal } from '../helpers/temporal/temporal.ts';
import { inRun, until } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

/** Every code of the table of faults that ends so. */
function codesThatAre(end: FaultEnd): ErrorCodeName[] {
  const clients: FaultClient[] = Object.values(faultTable);
  const verdicts = clients.flatMap((client) =>
    Object.keys(client.calls).flatMap((call) =>
      (Object.keys(faults) as FaultName[]).map((fault) => verdictOf(client, call, fault)),
    ),
  );
  return [...new Set(verdicts)].filter((one): one is ErrorCodeName => typeof one === 'string' && endOf(one) === end);
}

/** A step with siblings, which nothing else needs for a while. */
const step = 'etcd/claim';

describe('what a run makes of a request that failed', () => {
  it.each(codesThatAre('retried'))('%s is tried again, and its step never parks', async (code) => {
    const world = new FakeWorld();
    const parked: boolean[] = [];
    const times: number[] = [];
    world.set(step, (call, attempt) => {
      parked.push(call.parked);
      times.push(Date.now());
      if (attempt <= 2) throw failure(code, 'for a while', {}, { retryAfterMs: 2_500 });
      return undefined;
    });
    await inRun(env, world, async (handle) => {
      expect((await handle.result()).status).toBe('completed');
      expect((await handle.query(getRunStateQuery)).steps[step]).toMatchObject({ status: 'done' });
    });
    expect(parked).toEqual([false, false, false]);
    if (code === 'RATE_LIMITED') expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(2_400);
  });

  it.each(codesThatAre('parked'))('%s parks its step at once, with the code; siblings go on', async (code) => {
    const world = new FakeWorld();
    world.set(step, (call) => {
      const why = failure(code, 'until somebody fixes it');
      throw call.parked ? retryable(why) : why;
    });
    await inRun(env, world, async (handle) => {
      const blocked = await until(handle, (state) => state.status === 'blocked');
      expect(blocked.steps[step]).toMatchObject({ status: 'blocked', error: { code } });
      expect(blocked.steps['apiserver/address']!.status).toBe('done');
      world.fix(step);
      await handle.executeUpdate(retryUpdate, { args: [{ steps: [step] }] });
      expect((await handle.result()).status).toBe('completed');
    });
    expect(world.count('apiserver/address')).toBe(1);
  });

  it('goes on with a value as it is', async () => {
    const world = new FakeWorld();
    world.set(step, () => ({ outcome: 'kept', note: 'what stands there is not ours', facts: {} }));
    await inRun(env, world, async (handle) => {
      expect((await handle.result()).status).toBe('completed');
      expect((await handle.query(getRunStateQuery)).steps[step]!.status).toBe('kept');
    });
    expect(world.count(step)).toBe(1);
  });
});
