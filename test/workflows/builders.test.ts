import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { builderId } from '../../activities/images/build-host.ts';
import type { FrozenStep } from '../../src/graph/frozen.ts';
import { freezeUp } from '../../src/graph/freeze.ts';
import { type ImagesResult, imagesSteps, imagesWorkflowIdOf } from '../../src/run/images.ts';
import { imagesQueueOf, type RunInput } from '../../src/run/input.ts';
import type { Spec } from '../../src/spec/schema.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { type FaultProxy, startFaultProxy } from '../helpers/faults/proxy.ts';
import { imageWorld, type ImageWorld } from '../helpers/images/image-world.ts';
import { type Registry, startRegistry } from '../helpers/images/registry.ts';
import { aSpec } from '../helpers/common/spec.ts';
import { startTemporal, withWorkers, workflowBundle } from '../helpers/temporal/temporal.ts';
import { queueOf, runInput, startRun } from './runs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** ms; sooner than in earnest, so that nobody waits for minutes. */
const timing = { heartbeatMs: 8_000, builderAwayMs: 3_000 };

/** Looks until it is so; a worker takes its time to start on a busy machine. Fails after a minute. */
async function eventually(look: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !look(); await delay(50))
    if (Date.now() > end) throw new Error(`not within a minute: ${what}`);
}

/** A machine that builds: a worker process with its own state, home and container storage. */
interface Builder {
  id: string;
  child: ChildProcess;
}

/** Two real builders on one queue; what they do is not faked, and one of them is killed and never comes back. */
describe('of two builders, the one that works is killed for good', () => {
  let temporal: TestWorkflowEnvironment;
  let registry: Registry;
  let proxy: FaultProxy;
  let machines: ImageWorld[];
  let builders: Builder[];
  let source: string;
  beforeAll(async () => {
    [temporal, registry] = await Promise.all([startTemporal(), startRegistry(), workflowBundle()]);
    proxy = await startFaultProxy(`http://${registry.name}`);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([temporal?.teardown(), proxy?.stop()]);
    await registry?.stop();
  });
  beforeEach(() => {
    [machines, builders] = [[imageWorld(), imageWorld()], []];
    source = machines[0]!.source();
  });
  afterEach(async () => {
    for (const { child } of builders) await kill(child);
    for (const machine of machines) machine.remove();
  });

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async function startBuilder(queue: string): Promise<Builder> {
    const machine = machines[builders.length]!;
    const state = join(machine.folder, 'state');
    const env = {
      ...machine.env,
      FEDCTL_STATE: state,
      FEDCTL_TASK_QUEUE: queue,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_CONFIG_FILE: '/nonexistent.toml',
      NAME_OF_TEST: String(builders.length + 1),
    };
    const child = spawn(join(root, 'fedctl'), ['worker', '--serve', 'images'], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const builder = { id: '', child };
    builders.push(builder);
    await eventually(() => said.includes(`worker ready: serves task queue ${imagesQueueOf(queue)}`), 'the worker');
    builder.id = await builderId(state);
    return builder;
  }

  /** What is built and pushed; the first builder stays in its binaries when `stuck`. */
  function specOf(stuck: boolean): Spec {
    const script = `echo $NAME_OF_TEST >> ${machines[1]!.folder}/who; ${stuck ? '[ $NAME_OF_TEST = 2 ] || { touch here; sleep 300; };' : ''} echo made > binary`;
    // Larger than the buffers on its way, so that a push can be held in its middle.
    writeFileSync(join(source, 'blob'), Buffer.alloc(8_000_000, 'x'));
    const host = new URL(proxy.url).host;
    const image = { name: 'built' };
    const build = {
      source,
      binaries: ['sh', '-c', script],
      engine: 'buildah',
      push: { registry: host, tag: `v${++tags}` },
    };
    const images = { apiserver: image, controllerManager: image, build, insecureRegistries: [host] };
    return aSpec({ spec: { images } });
  }
  let tags = 0;
  const who = (): string => readFileSync(join(machines[1]!.folder, 'who'), 'utf8');

  /** Kills the first builder once `stuck`, with the second one at hand. */
  async function survive(queue: string, stuck: Promise<unknown>): Promise<{ first: Builder; second: Builder }> {
    const first = await startBuilder(queue);
    await stuck;
    const second = await startBuilder(queue);
    expect(second.id).not.toBe(first.id);
    await kill(first.child);
    return { first, second };
  }

  const images = (spec: Spec, { federation, startedBy, host, digest }: RunInput) => {
    const frozen = freezeUp(spec, timing).steps;
    const steps = imagesSteps.push
      .filter((id) => id !== 'preflight/images')
      .map((id) => frozen.find((step) => step.id === id) as FrozenStep);
    for (const step of steps) step.timing.heartbeatMs = timing.heartbeatMs;
    return { goal: 'push' as const, federation, startedBy, host, digest, steps };
  };

  it.each([
    ['its binaries', true, ['1', '2']],
    ['its push', false, ['1', '2']],
  ])(
    'in the middle of %s: fedctl images push goes on at the other',
    async (_what, stuck, built) => {
      const spec = specOf(stuck);
      const input = runInput({ spec });
      const queue = queueOf(input);
      const held = stuck ? undefined : proxy.hold('PATCH /blobs/uploads/');
      const begun = held?.came ?? eventually(() => existsSync(join(source, 'here')), 'the binaries');
      const run = async (): Promise<{ result: ImagesResult; second: Builder }> => {
        const workflowId = imagesWorkflowIdOf(input.federation);
        const args = [images(spec, input)];
        const handle = await temporal.client.workflow.start('imagesRun', { workflowId, taskQueue: queue, args });
        const { second } = await survive(queue, begun);
        return { result: (await handle.result()) as ImagesResult, second };
      };
      // Only runs are served here.
      const { result, second } = await withWorkers(temporal, queue, {}, run, { serve: 'runs' });
      held?.release();
      expect(who().trim().split('\n')).toEqual(built);
      expect(result.facts['images/binaries']?.['worker']).toBe(second.id);
      expect(result.steps.map(({ id }) => id)).toEqual([
        'preflight/build',
        'images/binaries',
        'images/build',
        'images/push',
      ]);
      const { digest } = await registry.head('built', `v${tags}`);
      expect(result.facts['images/push']?.['digest']).toBe(digest);
    },
    120_000,
  );

  it('in the middle of its push: a turn-up goes on at the other, and records what that one pushed', async () => {
    const spec = specOf(false);
    const input = runInput({ spec });
    const queue = queueOf(input);
    const world = new FakeWorld();
    Object.assign(world, timing);
    world.set('images/owner', () => ({ outcome: 'done', facts: { owned: true } }));
    const recorded: unknown[] = [];
    world.set('images/record', (call) => void recorded.push((call.input as { facts: object }).facts));
    const held = proxy.hold('PATCH /blobs/uploads/');
    const run = async () => {
      const handle = await startRun(temporal, input);
      const { second } = await survive(queue, held.came);
      return { result: await handle.result(), second };
    };
    const { result, second } = await withWorkers(temporal, queue, world.activities(), run, { serve: 'runs' });
    held.release();
    expect(result.status).toBe('completed');
    expect(who()).toBe('1\n2\n');
    const { digest } = await registry.head('built', `v${tags}`);
    expect(recorded).toEqual([expect.objectContaining({ digest, pushed: expect.stringContaining(`/built:v${tags}`) })]);
    // The machine that is left has nothing of the other's.
    expect(readFileSync(join(machines[1]!.folder, 'state', 'builder'), 'utf8').trim()).toBe(second.id);
  }, 180_000);
});
