import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Temporal } from '../../src/temporal/client.ts';
import { CliError } from '../../src/cli/io/exit.ts';
import { retryAllBlocked } from '../../src/cli/runs/retry-runs.ts';
import { send } from '../../src/cli/runs/send.ts';
import { startRun as startByCommand } from '../../src/cli/runs/start-run.ts';
import { workflowIdOf } from '../../src/run/input.ts';
import {
  cancelSignal,
  cancelUpdate,
  getRunStateQuery,
  pauseSignal,
  pauseUpdate,
  resumeSignal,
  resumeUpdate,
  retrySignal,
  retryUpdate,
} from '../../src/run/messages.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { fakeIo } from '../helpers/terminal/fake-io.ts';
import { aSpec } from '../helpers/common/spec.ts';
import { startTemporal, withWorkers } from '../helpers/temporal/temporal.ts';
import {
  endOf,
  eventually,
  type Handle,
  inRun,
  queueOf,
  refusalOf,
  runInput,
  startRun,
  temporalOf,
  until,
} from './runs.ts';

let env: TestWorkflowEnvironment;
let temporal: Temporal;
beforeAll(async () => {
  env = await startTemporal();
  temporal = temporalOf(env);
}, 60_000);
afterAll(() => env.teardown());

const pause = { update: pauseUpdate, signal: pauseSignal };
const resume = { update: resumeUpdate, signal: resumeSignal };
const retry = { update: retryUpdate, signal: retrySignal };
const cancel = { update: cancelUpdate, signal: cancelSignal };
const blocked = (handle: Handle) => until(handle, (state) => state.status === 'blocked');
const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('pause and resume', () => {
  it('let running steps end, start none in between, and go on from there', async () => {
    const world = new FakeWorld();
    const [claimed, freed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    world.set('etcd/claim', async () => {
      claimed.resolve();
      await freed.promise;
      return undefined;
    });
    await inRun(env, world, async (handle) => {
      const id = handle.workflowId;
      await claimed.promise;
      expect(await send(temporal, id, pause, { by: 'ann@desk' })).toContain('no further step starts');
      expect(await refusalOf(send(temporal, id, pause, {}))).toContain('paused already');
      const refused = await handle.executeUpdate(pauseUpdate, { args: [{}] }).catch((error: Error) => error.cause);
      expect((refused as Error).message).toBe('the run is paused already');
      expect((refused as Error).stack ?? '').not.toContain('handlers');
      freed.resolve();
      const paused = await until(handle, (state) =>
        Object.values(state.steps).every(({ status }) => status !== 'running'),
      );
      expect(paused.status).toBe('paused');
      expect(paused.steps['etcd/claim']!.status).toBe('done');
      expect(world.count('apiserver/deployment')).toBe(0);
      expect(await send(temporal, id, resume, {})).toBe('going on');
      expect(await refusalOf(send(temporal, id, resume, {}))).toContain('not paused');
      expect((await handle.result()).status).toBe('completed');
    });
    expect(world.count('etcd/claim')).toBe(1);
  });
});

describe('a command while no worker is there', () => {
  /** Long enough for a worker, short for a test, ms. */
  const soon = 300;
  const left = 'no worker answered; the request was sent as a signal';

  it('is left with the run and taken by the next worker: pause, resume, cancel', async () => {
    const world = new FakeWorld();
    const input = runInput();
    const handle = await startRun(env, input);
    expect(await send(temporal, handle.workflowId, pause, {}, soon)).toContain(left);
    await withWorkers(env, queueOf(input), world.activities(), async () => {
      await until(handle, (state) => state.status === 'paused');
    });
    const calls = world.calls.length;
    world.break('etcd/claim');
    expect(await send(temporal, handle.workflowId, resume, {}, soon)).toContain(left);
    await withWorkers(env, queueOf(input), world.activities(), () => blocked(handle));
    expect(world.calls.length).toBeGreaterThan(calls);
    expect(await send(temporal, handle.workflowId, cancel, { by: 'ann@desk' }, soon)).toContain(left);
    await withWorkers(env, queueOf(input), world.activities(), async () => {
      expect(await endOf(handle)).toBe('cancelled by ann@desk; what it made is kept');
    });
  }, 60_000);

  it('is left too when it is a retry', async () => {
    const world = new FakeWorld();
    world.break('etcd/claim');
    const input = runInput();
    const handle = await startRun(env, input);
    await withWorkers(env, queueOf(input), world.activities(), () => blocked(handle));
    world.fix('etcd/claim');
    expect(await send(temporal, handle.workflowId, retry, {}, soon)).toContain(left);
    await withWorkers(env, queueOf(input), world.activities(), async () => {
      expect(await endOf(handle)).toBe('completed');
    });
  }, 60_000);

  it('is refused where it would have to wait for the end of the run: --cancel-first', async () => {
    const input = runInput();
    const handle = await startRun(env, input);
    const again = () => startByCommand(temporal, input, {}, { taskQueue: queueOf(input), cancelFirst: true });
    const refused = (await thrownBy(again())) as CliError;
    expect([refused.exitCode, refused.message]).toEqual([7, expect.stringContaining('no worker answered')]);
    await withWorkers(env, queueOf(input), new FakeWorld().activities(), async () => {
      expect(await endOf(handle)).toContain('cancelled by');
      const next = await again();
      expect(next.fresh).toBe(true);
      expect(await endOf(env.client.workflow.getHandle(next.workflowId) as Handle)).toBe('completed');
    });
  }, 60_000);
});

describe('retry --all-blocked', () => {
  it('finds parked runs by search attribute, and leaves their members to them', async () => {
    const worlds = [new FakeWorld(), new FakeWorld()] as const;
    worlds[0].break('etcd/claim');
    worlds[1].break('clusters/member-1/reach');
    await inRun(env, worlds[0], (first) =>
      inRun(env, worlds[1], async (second) => {
        await Promise.all([blocked(first), blocked(second)]);
        worlds[0].fix('etcd/claim');
        worlds[1].fix('clusters/member-1/reach');
        const parked = async (): Promise<boolean> =>
          (await env.client.workflow.count(`FedctlStatus = "blocked" AND ExecutionStatus = "Running"`)).count === 3;
        await eventually(parked, 'three runs are found by their status');
        const io = fakeIo();
        expect(await retryAllBlocked(io, temporal)).toBe(0);
        expect(io.out.map((line) => line.split(':')[0]).sort()).toEqual([first.workflowId, second.workflowId].sort());
        expect([await endOf(first), await endOf(second)]).toEqual(['completed', 'completed']);
      }),
    );
    const io = fakeIo();
    expect(await retryAllBlocked(io, temporal)).toBe(0);
    expect(io.err).toEqual(['no run is blocked']);
  }, 60_000);
});

describe('a closed run', () => {
  it('says of every command what to do instead', async () => {
    await inRun(env, new FakeWorld(), async (handle, { federation }) => {
      await handle.result();
      for (const message of [retry, pause, resume, cancel]) {
        const error = (await thrownBy(send(temporal, handle.workflowId, message, {}))) as CliError;
        expect(error).toBeInstanceOf(CliError);
        expect([error.exitCode, error.message]).toEqual([1, expect.stringContaining(`of ${federation} is completed`)]);
        expect(error.fix.join()).toContain(`fedctl down ${federation}`);
      }
    });
    const nobody = (await thrownBy(send(temporal, workflowIdOf('nobody'), retry, {}))) as CliError;
    expect(nobody.message).toBe('Temporal knows no run federation/nobody');
  });
});

describe('policy.blockedFor', () => {
  it('ends a park: the step fails, and so does the run, in words', async () => {
    const world = new FakeWorld();
    world.slowEveryMs = 200;
    world.break('etcd/claim');
    const spec = aSpec({ clusters: ['member-1'], spec: { policy: { blockedFor: '2s' } } });
    await inRun(
      env,
      world,
      async (handle) => {
        expect(await endOf(handle)).toBe('step etcd/claim failed: etcd/claim is broken on purpose');
        const state = await handle.query(getRunStateQuery);
        expect([state.status, state.steps['etcd/claim']!.status]).toEqual(['failed', 'failed']);
        expect(state.steps['apiserver/deployment']!.status).toBe('pending');
      },
      { spec },
    );
    expect(world.count('etcd/claim')).toBeGreaterThan(2);
  }, 40_000);
});
