import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startRun } from '../../src/cli/runs/start-run.ts';
import { freezeUp } from '../../src/graph/freeze.ts';
import { debtWorkflowIdOf, memberWorkflowIdOf } from '../../src/run/input.ts';
import { type ImagesInput, imagesSteps, imagesWorkflowIdOf } from '../../src/run/images.ts';
import { descriptions, retryUpdate } from '../../src/run/messages.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import type { HistoryEvent } from '../helpers/temporal/histories.ts';
import { aSpec } from '../helpers/common/spec.ts';
import { startTemporal, withWorkers } from '../helpers/temporal/temporal.ts';
import { type Handle, queueOf, runInput, temporalOf, until } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

type Metadata = HistoryEvent['userMetadata'];
const textOf = (payload: NonNullable<Metadata>['summary']): string =>
  payload ? defaultPayloadConverter.fromPayload<string>(payload) : '';
const handleOf = (id: string): Handle => env.client.workflow.getHandle(id) as Handle;

interface Shown {
  /** Summaries of activities by id, of timers, and of runs that it started. */
  activities: Map<string, string>;
  timers: string[];
  children: { id: string; summary: string; details: string }[];
}

/** What the Web UI shows beside the events of a run. */
async function shown(handle: Handle): Promise<Shown> {
  const found: Shown = { activities: new Map(), timers: [], children: [] };
  for (const event of (await handle.fetchHistory()).events ?? []) {
    const summary = textOf(event.userMetadata?.summary);
    const activity = event.activityTaskScheduledEventAttributes;
    if (activity) found.activities.set(activity.activityId ?? '', summary);
    if (event.timerStartedEventAttributes) found.timers.push(summary);
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
    if (child) {
      const details = textOf(event.userMetadata?.details);
      found.children.push({ id: child.workflowId ?? '', summary, details });
    }
  }
  return found;
}

interface RunMetadata {
  currentDetails?: string;
  definition?: { updateDefinitions?: { name?: string; description?: string }[] };
}
const metadataOf = (handle: Handle): Promise<RunMetadata> =>
  handle.query<RunMetadata, []>('__temporal_workflow_metadata');

describe('the Temporal UI', () => {
  it('tells step and cluster of every activity and timer, and what each run is about', async () => {
    const world = new FakeWorld();
    world.slowEveryMs = 100;
    world.break('etcd/claim');
    world.break('clusters/member-2/reach');
    const input = runInput();
    const { federation } = input;
    await withWorkers(env, queueOf(input), world.activities(), async () => {
      const { workflowId } = await startRun(temporalOf(env), input, {}, { taskQueue: queueOf(input) });
      const handle = handleOf(workflowId);
      const description = await handle.describe();
      expect(await description.staticSummary()).toBe(`up ${federation}`);
      expect(await description.staticDetails()).toContain('| host cluster | host |');
      await until(handle, (state) => state.status === 'blocked' && state.steps['etcd/claim']?.status === 'blocked');
      const { currentDetails, definition } = await metadataOf(handle);
      expect(currentDetails).toContain('**etcd/claim** (FORBIDDEN)');
      const told = new Map(definition?.updateDefinitions?.map(({ name, description: text }) => [name, text]));
      for (const update of ['retry', 'skip', 'pause', 'resume', 'cancel', 'amend'] as const)
        expect(told.get(update)).toBe(descriptions[update]);

      world.fix('etcd/claim');
      await handle.executeUpdate(retryUpdate, { args: [{}] });
      const member = handleOf(memberWorkflowIdOf(federation, 'member-2'));
      await until(handle, (state) => state.clusters['member-2']?.status === 'blocked');
      world.fix('clusters/member-2/reach');
      await handle.executeUpdate(retryUpdate, { args: [{}] });
      await handle.result();

      const own = await shown(handle);
      expect([...own.activities.keys()]).toEqual(expect.arrayContaining(['plan', 'etcd/claim', 'verify/record']));
      for (const [id, summary] of own.activities) expect(summary).toMatch(new RegExp(`^${id} \\(host\\): \\w`));
      expect(own.timers).toContain('etcd/claim (host): next automatic attempt');
      for (const timer of own.timers) expect(timer).toMatch(/ \(host\): /);
      expect(own.children.map(({ id, summary }) => [id, summary])).toEqual([
        [memberWorkflowIdOf(federation, 'member-1'), 'Join member-1'],
        [memberWorkflowIdOf(federation, 'member-2'), 'Join member-2'],
      ]);
      for (const { details } of own.children) expect(details).toContain(`federation **${federation}**`);

      const its = await shown(member);
      for (const [id, summary] of its.activities) expect(summary).toMatch(new RegExp(`^${id} \\(member-2\\): \\w`));
      expect(its.timers).toEqual(['clusters/member-2/reach (member-2): next automatic attempt']);
      expect((await metadataOf(member)).currentDetails).toContain(`**up ${federation} · member-2: completed**`);
    });
  }, 60_000);

  it('tells what a debt is about', async () => {
    const world = new FakeWorld();
    world.set('clusters/member-2/reach', ({ run }) => {
      if (run.debt) return undefined;
      return { outcome: 'done', facts: { reached: false } };
    });
    const input = runInput({ operation: 'down', down: { volumes: 'keep' } });
    const { federation } = input;
    await withWorkers(env, queueOf(input), world.activities(), async () => {
      const { workflowId } = await startRun(temporalOf(env), input, {}, { taskQueue: queueOf(input) });
      await handleOf(workflowId).result();
      const debt = handleOf(debtWorkflowIdOf(federation, 'member-2'));
      await debt.result();
      const description = await debt.describe();
      expect(await description.staticSummary()).toBe('Clean up in member-2 when it can be reached again');
      expect(await description.staticDetails()).toContain('owes clean-up');
      expect((await metadataOf(debt)).currentDetails).toContain('member-2: completed**');
      for (const [id, summary] of (await shown(debt)).activities) expect(summary).toContain(`${id} (member-2): `);
    });
  }, 60_000);

  it('tells what a run of images is about', async () => {
    const { steps } = freezeUp(aSpec({ build: true }));
    const taskQueue = 'q-images-shown';
    const input: ImagesInput = {
      goal: 'build',
      federation: 'shown',
      startedBy: 'me@here',
      host: { context: 'host', namespace: 'federation' },
      digest: 'd',
      steps: imagesSteps.build.map((id) => steps.find((step) => step.id === id)!),
    };
    await withWorkers(env, taskQueue, new FakeWorld().activities(), async () => {
      const handle = (await env.client.workflow.start('imagesRun', {
        workflowId: imagesWorkflowIdOf('shown'),
        taskQueue,
        args: [input],
      })) as unknown as Handle;
      await handle.result();
      const { activities } = await shown(handle);
      expect([...activities.values()].every((summary) => summary.includes(' (shown): '))).toBe(true);
      expect([...activities.keys()]).toEqual([...imagesSteps.build]);
      const { currentDetails } = await metadataOf(handle);
      expect(currentDetails).toContain('**images build shown: completed**');
      expect(currentDetails).toContain('| images/build | created |');
    });
  }, 60_000);
});
