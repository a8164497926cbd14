import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { follow } from '../../src/cli/runs/follow.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { fakeIo } from '../helpers/terminal/fake-io.ts';
import { aSpec } from '../helpers/common/spec.ts';
import { startTemporal, withWorkers } from '../helpers/temporal/temporal.ts';
import { eventually, queueOf, runInput, startRun, temporalOf } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env?.teardown());

it('says who follows a run that no worker serves, then that none builds, and that the run goes on', async () => {
  const [world, io] = [new FakeWorld(), fakeIo()];
  const input = runInput({ spec: aSpec({ build: true, clusters: ['member-1'] }) });
  const [queue, { workflowId }] = [queueOf(input), await startRun(env, input)];
  const detach = new AbortController();
  const watching = { temporal: temporalOf(env), workflowId, taskQueue: queue, known: {}, output: 'json' as const };
  const followed = follow(io, { ...watching, detach: detach.signal });
  const said = (text: string) => eventually(async () => io.err.join('\n').includes(text), text);
  try {
    await said(`no worker polls task queue ${queue} (Temporal at`);
    await withWorkers(
      env,
      queue,
      world.activities(),
      async () => {
        await said('a worker answers: going on');
        await said(`no worker polls task queue ${queue}-images: none builds, or the one that does is busy`);
      },
      { serve: 'runs' },
    );
    await withWorkers(env, queue, world.activities(), async () => {
      await said('a worker that builds took it: going on');
      expect((await followed).code).toBe(0);
    });
  } finally {
    detach.abort();
  }
  // Each once, however long it took.
  expect(io.err).toHaveLength(4);
}, 90_000);
