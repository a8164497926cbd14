import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { downBefore } from '../../src/cli/reads/already-down.ts';
import type { Temporal } from '../../src/temporal/client.ts';
import { forgetDebt, openDebts, reopenDebts } from '../../src/cli/runs/debts.ts';
import { CliError } from '../../src/cli/io/exit.ts';
import { watchDebts } from '../../src/cli/runs/follow-debts.ts';
import { readStatus, sourcesOf } from '../../src/cli/runs/read-status.ts';
import { retryAll } from '../../src/cli/runs/retry-runs.ts';
import { startRun } from '../../src/cli/runs/start-run.ts';
import { annotations, labels } from '../../src/kubernetes/names.ts';
import { debtWorkflowIdOf } from '../../src/run/input.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { fakeIo } from '../helpers/terminal/fake-io.ts';
import { type HostWorld, hostWorld } from '../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../helpers/kubernetes/kube-apiserver.ts';
import { startTemporal, withWorkers } from '../helpers/temporal/temporal.ts';
import { endOf, type Handle, queueOf, runInput, temporalOf, until } from './runs.ts';

let env: TestWorkflowEnvironment;
let server: KubeApiserver;
let temporal: Temporal;
beforeAll(async () => {
  [env, server] = await Promise.all([startTemporal(), startKubeApiserver()]);
  temporal = temporalOf(env);
}, 120_000);
afterAll(async () => {
  await Promise.all([env.teardown(), server.stop()]);
});

const since = '2026-11-20T10:00:00.000Z';
const record = { apiVersion: 'v1', kind: 'ConfigMap', name: 'fedctl-record' };
const refused = async (promise: Promise<unknown>): Promise<CliError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CliError)) throw new Error(`not refused: ${String(error)}`);
  return error;
};

/** A federation of its own whose record owes clean-up in member-2; Temporal knows nothing of it. */
async function owing() {
  const world = await hostWorld(server);
  const federation = `owing-${world.namespace}`;
  const note = JSON.stringify({ since, context: 'member-2', objects: 3 });
  const data = { federation, phase: 'debts', 'debt.member-2': note };
  await world.host.mergePatch({ ...record, namespace: world.namespace }, { data });
  const io = fakeIo({ env: { HOME: '/nowhere', FEDCTL_TASK_QUEUE: `q-${federation}` } });
  const asked = { federation, member: 'member-2', host: world.run.host };
  const debt = env.client.workflow.getHandle(debtWorkflowIdOf(federation, 'member-2')) as Handle;
  const activities = new FakeWorld();
  activities.break('clusters/member-2/reach');
  const working = <T>(work: () => Promise<T>): Promise<T> =>
    withWorkers(env, `q-${federation}`, activities.activities(), work);
  return { world, federation, io, asked, debt, activities, working };
}

describe('a debt that Temporal does not know any more', () => {
  it('is shown by status, with all that the record knows', async () => {
    const { federation, io, asked } = await owing();
    const target = { federation, host: asked.host };
    const { model } = await readStatus(sourcesOf(io, target, temporal), target);
    expect(model.debts).toEqual([{ cluster: 'member-2', since, objects: 3, nextAttemptAt: null }]);
  });

  it('is in the last picture of whoever follows a run, as is one that is open', async () => {
    const { federation, io, asked, debt, working } = await owing();
    const watched = watchDebts(temporal, federation, io.env);
    expect(watched.known()).toEqual([]);
    expect(await watched.all(undefined)).toEqual([]);
    const lost = { cluster: 'member-2', since, objects: 3, nextAttemptAt: null };
    expect(await watched.all(asked.host)).toEqual([lost]);
    await working(async () => {
      await reopenDebts(io, temporal, asked);
      await until(debt, (state) => state.status === 'blocked');
      expect(await watched.all(undefined)).toEqual([expect.objectContaining({ cluster: 'member-2', objects: 3 })]);
      expect(watched.known()).toHaveLength(1);
      await debt.terminate();
    });
  }, 60_000);

  it('is started again, once, and does what it was to do', async () => {
    const { federation, io, asked, debt, activities, working } = await owing();
    await working(async () => {
      expect(await reopenDebts(io, temporal, asked)).toEqual(['retrying the clean-up of member-2']);
      expect(await reopenDebts(io, temporal, asked)).toEqual([]);
      await until(debt, (state) => state.status === 'blocked');
      const { memo } = await debt.describe();
      expect(memo).toMatchObject({ operation: 'debt', cluster: 'member-2', since, objects: 3 });
      expect((await openDebts(temporal, federation)).map(({ cluster }) => cluster)).toEqual(['member-2']);
      activities.fix('clusters/member-2/reach');
      await retryAllOf(debt);
      expect(await endOf(debt)).toBe('completed');
    });
    expect(activities.calls).toContain('undo clusters/member-2/identity');
    expect(activities.calls.at(-1)).toBe('clusters/member-2/debt');
  }, 60_000);

  it('is started again by fedctl retry, though no run is open', async () => {
    const { federation, io, asked, debt, working } = await owing();
    await working(async () => {
      await retryAll(io, temporal, { federation, host: asked.host });
      expect(io.out).toEqual(['retrying the clean-up of member-2']);
      await until(debt, (state) => state.status === 'blocked');
      expect((await refused(retryAll(io, temporal, { federation, host: asked.host }))).message).toContain(
        `no run federation/${federation}`,
      );
      await debt.terminate();
    });
  }, 60_000);
});

/** Wakes a debt's parked steps. */
const retryAllOf = (debt: Handle): Promise<unknown> => debt.signal('retrySignal', {});

describe('down --forget', () => {
  it('closes a debt that is open, and one that was lost', async () => {
    const { io, asked, debt, activities, working } = await owing();
    await working(async () => {
      await reopenDebts(io, temporal, asked);
      await until(debt, (state) => state.status === 'blocked');
      expect(await forgetDebt(io, temporal, asked)).toContain('the debt of member-2 is closed');
      expect(await forgetDebt(io, temporal, asked)).toContain('the debt of member-2 is closed');
    });
    expect(activities.count('clusters/member-2/debt')).toBe(2);
    expect(activities.calls).not.toContain('undo clusters/member-2/identity');
  }, 60_000);

  it('is refused where nothing is owed', async () => {
    const { io, asked } = await owing();
    const error = await refused(forgetDebt(io, temporal, { ...asked, member: 'member-1' }));
    expect([error.exitCode, error.message]).toEqual([7, 'member-1 has no open debt']);
  });

  it('does not wait for a worker that does not come: the debt is closed when one does', async () => {
    const { io, asked, debt, activities, working } = await owing();
    await working(async () => {
      await reopenDebts(io, temporal, asked);
      await until(debt, (state) => state.status === 'blocked');
    });
    const error = await refused(forgetDebt(io, temporal, asked));
    expect([error.exitCode, error.message]).toEqual([4, expect.stringContaining('closed when a worker comes')]);
    await working(async () => expect(await endOf(debt)).toBe('completed'));
    expect(activities.count('clusters/member-2/debt')).toBe(1);
  }, 60_000);
});

describe('down of what is down', () => {
  const host = (world: HostWorld, namespace: string) => ({ ...world.run.host, namespace });

  it('tells the memo of the run that did it, or that nobody knows the federation', async () => {
    const world = await hostWorld(server);
    const io = fakeIo({ env: { HOME: '/nowhere' } });
    const empty = host(world, 'nothing-there');
    const input = runInput({ operation: 'down', down: { volumes: 'keep' }, host: empty });
    const unknown = await refused(downBefore(io, temporal, input.federation, empty));
    expect([unknown.exitCode, unknown.message]).toEqual([7, expect.stringContaining(`no federation`)]);
    const memo = { host: empty, kubeconfig: { context: 'c', authority: 'a' } };
    await withWorkers(env, queueOf(input), new FakeWorld().activities(), async () => {
      const { workflowId } = await startRun(temporal, input, memo, { taskQueue: queueOf(input) });
      expect(await downBefore(io, temporal, input.federation, empty)).toBeUndefined();
      await endOf(env.client.workflow.getHandle(workflowId) as Handle);
    });
    const { kubeconfig } = memo;
    expect(await downBefore(io, temporal, input.federation, empty)).toMatchObject({ kubeconfig });
  }, 60_000);

  it('goes on where a turn-down ended between its record and its namespace', async () => {
    const world = await hostWorld(server);
    const io = fakeIo({ env: { HOME: '/nowhere' } });
    const left = host(world, `${world.namespace}-left`);
    const federation = `left-${world.namespace}`;
    await world.host.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: left.namespace,
        labels: { [labels.federation]: 'u' },
        annotations: { [annotations.federationName]: federation },
      },
    });
    expect(await downBefore(io, temporal, federation, left)).toBeUndefined();
    await refused(downBefore(io, temporal, 'another', left));
  });
});
