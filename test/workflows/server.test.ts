import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { readOwner } from '../../activities/core/owner.ts';
import { readRecord, recordActivities } from '../../activities/core/record.ts';
import { holdActivities } from '../../activities/core/hold.ts';
import type { StepCall } from '../../src/catalogue/call.ts';
import { retryUpdate } from '../../src/run/messages.ts';
import { devServerArguments } from '../../src/temporal/dev-server.ts';
import { runDirectory } from '../../worker/runs.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { hostWorld, type HostWorld } from '../helpers/kubernetes/host-world.ts';
import { startKubeApiserver } from '../helpers/kubernetes/kube-apiserver.ts';
import { findProgram } from '../helpers/common/programs.ts';
import { withWorkers } from '../helpers/temporal/temporal.ts';
import { endOf, eventually, type Handle, queueOf, runInput, startRun, until } from './runs.ts';

/** ms for a run on a server that has just begun, on a busy machine. */
const patientMs = 90_000;

/** A Temporal server that is killed, and started again on its database file or on a new one. */
let folder: string;
let port: number;
let server: ChildProcess | undefined;

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  return typeof address === 'object' && address ? address.port : 0;
}

/** Starts the server on the database file of that name; answers what tests use of an environment. */
async function start(database: string): Promise<TestWorkflowEnvironment & { close: () => Promise<void> }> {
  const ui = await freePort();
  const given = devServerArguments(join(folder, database), port, ui);
  server = spawn(findProgram('temporal'), given, { stdio: 'ignore' });
  const address = `127.0.0.1:${port}`;
  await eventually(async () => {
    const connection = await Connection.connect({ address, connectTimeout: 500 }).catch(() => undefined);
    const found = await connection?.workflowService.describeNamespace({ namespace: 'default' }).catch(() => undefined);
    await connection?.close();
    return found !== undefined;
  }, 'the server answers');
  const [connection, nativeConnection] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const close = async (): Promise<void> => {
    await Promise.all([connection.close(), nativeConnection.close()]);
  };
  return { connection, nativeConnection, client: new Client({ connection }), close } as never;
}

async function kill(): Promise<void> {
  if (!server || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fedctl-temporal-'));
  port = await freePort();
});
afterEach(async () => {
  await kill();
  rmSync(folder, { recursive: true });
});

describe('the Temporal server', () => {
  it('may be killed and started again on its file: a parked run is there, looks again by itself, and goes on', async () => {
    const world = new FakeWorld();
    world.slowEveryMs = 1_000;
    world.break('etcd/claim');
    const input = runInput();
    const first = await start('temporal.db');
    const handle = await startRun(first, input);
    await withWorkers(first, queueOf(input), world.activities(), () =>
      until(handle, (state) => state.status === 'blocked', patientMs),
    );
    await first.close();
    await kill();

    const second = await start('temporal.db');
    const again = second.client.workflow.getHandle(handle.workflowId) as Handle;
    await withWorkers(second, queueOf(input), world.activities(), async () => {
      const tried = world.count('etcd/claim');
      await eventually(async () => world.count('etcd/claim') > tried + 1, 'slow attempts go on');
      expect((await until(again, () => true, patientMs)).status).toBe('blocked');
      world.fix('etcd/claim');
      await again.executeUpdate(retryUpdate, { args: [{}] }).catch(() => undefined); // it may have gone on by itself
      expect(await endOf(again)).toBe('completed');
    });
    await second.close();
    expect(world.count('etcd/claim')).toBeGreaterThan(2);
    expect(world.count('host/record')).toBe(1);
  }, 300_000);

  it('may lose its database: the same up finishes from the record, once the lost run is known to be gone', async () => {
    const kube = await startKubeApiserver();
    try {
      const host = await hostWorld(kube);
      const first = await start('temporal.db');
      const lost = await stopAtClaim(first, host);
      expect((await readOwner(host.host, host.namespace))?.firstRunId).toBe(lost);
      await first.close();
      await kill();

      const second = await start('another.db');
      await onward(second, host, lost);
      await second.close();
    } finally {
      await kube.stop();
    }
  }, 300_000);
});

/** Fakes, but for the record and its owner, which are real. */
function activitiesOf(env: TestWorkflowEnvironment, host: HostWorld, world: FakeWorld) {
  const runs = runDirectory(env.nativeConnection, 'default');
  const deps = { ...host.deps, runs };
  const { ensureRecord, markRecord } = recordActivities(deps);
  const own = { ensureRecord, markRecord, ...holdActivities(deps) };
  // The namespace of this host is the operator's own: its uuid is that of the record.
  world.set('host/namespace', () => ({ outcome: 'kept', facts: { uuid: host.run.uuid, created: false } }));
  const counted = Object.entries(own).map(([name, act]) => [
    name,
    (call: StepCall) => {
      world.calls.push(call.step);
      return (act as unknown as (given: StepCall) => Promise<unknown>)(call);
    },
  ]);
  return { ...world.activities(), ...Object.fromEntries(counted) };
}

const inputFor = (host: HostWorld) =>
  runInput({ federation: 'myfederation', host: host.run.host, uuid: 'proposed', searchAttributes: true });

/** A run that is parked when its server is lost; tells its id. */
async function stopAtClaim(env: TestWorkflowEnvironment, host: HostWorld): Promise<string> {
  const world = new FakeWorld();
  world.break('etcd/claim');
  // The world's own setting-up holds the Lease: it gave it back.
  await host.act(recordActivities(host.deps).markRecord, host.call('verify/record'));
  const input = inputFor(host);
  const handle = await startRun(env, input);
  await withWorkers(env, queueOf(input), activitiesOf(env, host, world), () =>
    until(handle, (state) => state.status === 'blocked', patientMs),
  );
  return (await handle.describe()).runId;
}

async function onward(env: TestWorkflowEnvironment, host: HostWorld, lost: string): Promise<void> {
  const world = new FakeWorld();
  world.slowEveryMs = 1_000;
  const input = inputFor(host);
  const handle = await startRun(env, input);
  await withWorkers(env, queueOf(input), activitiesOf(env, host, world), async () => {
    const refused = await until(handle, (state) => state.steps['host/record']?.status === 'blocked', patientMs);
    expect(refused.steps['host/record']!.error).toMatchObject({ code: 'OWNED_ELSEWHERE' });
    expect((await readOwner(host.host, host.namespace))?.firstRunId).toBe(lost);
    // Nobody renews it any more; its time passes.
    const renewTime = new Date(Date.now() - 301_000).toISOString().replace('Z', '000Z');
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'fedctl-owner' };
    await host.host.mergePatch({ ...lease, namespace: host.namespace }, { spec: { renewTime } });
    expect(await endOf(handle)).toBe('completed');
  });
  expect((await readRecord(host.host, host.namespace))?.phase).toBe('up');
  expect(await readOwner(host.host, host.namespace)).toBeUndefined();
}
