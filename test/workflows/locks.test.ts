import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { writeFileSync } from 'node:fs';
import type { Temporal } from '../../src/temporal/client.ts';
import { CliError } from '../../src/cli/io/exit.ts';
import type { Io } from '../../src/cli/io/io.ts';
import { assertFree } from '../../src/cli/reads/lock.ts';
import { startRun } from '../../src/cli/runs/start-run.ts';
import type { RunInput } from '../../src/run/input.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { hostWorld } from '../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../helpers/kubernetes/kube-apiserver.ts';
import { startTemporal } from '../helpers/temporal/temporal.ts';
import { aTestSpec, inRun, queueOf, temporalOf, until } from './runs.ts';

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

const refusalOf = async (promise: Promise<unknown>): Promise<CliError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CliError)) throw new Error(`not refused: ${String(error)}`);
  return error;
};

describe('two commands for one federation', () => {
  const ask = (input: RunInput, change: Partial<RunInput> = {}) =>
    startRun(temporal, { ...input, ...change }, {}, { taskQueue: queueOf(input) });

  it('attaches to a run of the same spec, and is refused with a diff for another', async () => {
    const world = new FakeWorld();
    world.break('etcd/claim');
    await inRun(env, world, async (first, input) => {
      await first.terminate();
      const own = await ask(input);
      expect(own.fresh).toBe(true);
      const handle = env.client.workflow.getHandle(own.workflowId) as typeof first;
      await until(handle, (state) => state.status === 'blocked');
      expect(await ask(input)).toEqual({ ...own, fresh: false });

      const spec = { ...aTestSpec, etcd: { ...aTestSpec.etcd, storage: '20Gi' } };
      const other = await refusalOf(ask(input, { digest: 'e', spec }));
      expect(other.exitCode).toBe(7);
      expect(other.message).toContain('etcd.storage: "10Gi" -> "20Gi"');
      expect(other.fix).toContainEqual(expect.stringContaining('fedctl retry -f'));

      const flagged = await refusalOf(ask(input, { takeOver: true }));
      expect([flagged.exitCode, flagged.message]).toEqual([7, expect.stringContaining('without --take-over')]);

      const down = await refusalOf(ask(input, { operation: 'down', digest: 'x' }));
      expect([down.exitCode, down.message]).toEqual([7, expect.stringContaining('a run of up is open')]);
      expect(down.fix).toContainEqual(expect.stringMatching(/fedctl down \S+ --cancel-first/));
      expect((await until(handle, () => true)).status).toBe('blocked');
      await handle.terminate();
    });
  });

  it('refuses a turn-up while the federation is being turned down', async () => {
    const world = new FakeWorld();
    world.break('undo apiserver/service');
    await inRun(env, world, async (first, input) => {
      await first.terminate();
      const down = await ask(input, { operation: 'down', down: { volumes: 'keep' } });
      const handle = env.client.workflow.getHandle(down.workflowId) as typeof first;
      await until(handle, (state) => state.status === 'blocked');
      const up = await refusalOf(ask(input));
      expect([up.exitCode, up.message]).toEqual([7, expect.stringContaining('a run of down is open')]);
      await handle.terminate();
    });
  });
});

describe('the host cluster, before a run starts', () => {
  const io = { env: { HOME: '/nowhere' } } as unknown as Io;

  it('refuses another federation in the namespace, and an owner with another Temporal server', async () => {
    const world = await hostWorld(server);
    const asked = { federation: 'myfederation', host: world.run.host, takeOver: false };
    const elsewhere = await refusalOf(assertFree(io, temporal, asked));
    expect([elsewhere.exitCode, elsewhere.code]).toEqual([7, 'OWNED_ELSEWHERE']);
    expect(elsewhere.message).toContain('tester@host');
    expect(elsewhere.fix).toContainEqual(expect.stringContaining('--take-over'));
    await assertFree(io, temporal, { ...asked, takeOver: true });
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      name: 'fedctl-owner',
      namespace: world.namespace,
    };
    const seen = (ago: number): object => ({
      renewTime: new Date(Date.now() - ago).toISOString().replace('Z', '000Z'),
    });
    await world.host.mergePatch(lease, { spec: { leaseDurationSeconds: 300, ...seen(0) } });
    const alive = await refusalOf(assertFree(io, temporal, asked));
    expect([alive.exitCode, alive.fix.at(-1)]).toEqual([7, expect.stringContaining('its run renews the Lease')]);
    await world.host.mergePatch(lease, { spec: seen(301_000) });
    await assertFree(io, temporal, asked);
    const other = await refusalOf(assertFree(io, temporal, { ...asked, federation: 'other' }));
    expect([other.exitCode, other.code]).toEqual([7, 'RECORD_OTHER']);
    expect(other.fix).toContainEqual(expect.stringContaining('fedctl down myfederation'));
  });

  it('lets a run start where nothing is known, or where the host cannot be asked', async () => {
    const world = await hostWorld(server);
    const empty = { ...world.run.host, namespace: 'not-there' };
    await assertFree(io, temporal, { federation: 'myfederation', host: empty, takeOver: false });
    const kubeconfig = `${world.deps.stateFolder}/config`;
    writeFileSync(kubeconfig, '{}');
    const gone = { context: 'gone', kubeconfig, namespace: 'x' };
    await assertFree(io, temporal, { federation: 'myfederation', host: gone, takeOver: false });
  });
});
