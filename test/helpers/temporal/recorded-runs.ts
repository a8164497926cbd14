import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { StepResult } from '../../../src/catalogue/call.ts';
import { freezeUp } from '../../../src/graph/freeze.ts';
import { type ImagesInput, imagesSteps, imagesWorkflowIdOf } from '../../../src/run/images.ts';
import { debtWorkflowIdOf, memberWorkflowIdOf, type RunInput } from '../../../src/run/input.ts';
import {
  amendUpdate,
  cancelUpdate,
  pauseUpdate,
  resumeUpdate,
  retrySignal,
  retryUpdate,
  skipUpdate,
} from '../../../src/run/messages.ts';
import type { ClusterSpec } from '../../../src/spec/schema.ts';
import { aTestSpec, type Handle, inRun, queueOf, until } from '../../workflows/runs.ts';
import { FakeWorld } from './fake-activities.ts';
import { aSpec } from '../common/spec.ts';

const standing = aTestSpec.clusters;
const joining: ClusterSpec = { ...standing[0]!, name: 'member-3', context: 'member-3' };
const by = 'tester@host';

/** One kind of run: what it is given, how its world misbehaves, and what the operator does until it has ended. */
interface RecordedRun {
  readonly input?: Partial<RunInput>;
  readonly world?: (world: FakeWorld) => void;
  /** The builder whose own queue is served too. */
  readonly builder?: string;
  /** How it is started; absent: as a run of its operation. */
  readonly start?: (env: TestWorkflowEnvironment, input: RunInput) => Promise<Handle>;
  readonly follow: (handle: Handle, world: FakeWorld, env: TestWorkflowEnvironment, input: RunInput) => Promise<void>;
}

const completes = async (handle: Handle): Promise<void> => void (await handle.result());
const ends = (handle: Handle): Promise<unknown> => handle.result().catch(() => undefined);
const blocked = (handle: Handle): Promise<unknown> => until(handle, (state) => state.status === 'blocked');
const down = { operation: 'down' as const, down: { volumes: 'keep' as const } };
const stands = (world: FakeWorld): void => {
  world.standing = standing;
};

const reach = 'clusters/member-2/reach';
const unreached: StepResult = { outcome: 'done', facts: { reached: false } };
/** member-2 does not answer: a value for the look of the turn-down, a failure for the debt. */
function silent(world: FakeWorld): void {
  world.slowEveryMs = 100;
  world.break(reach);
  const broken = world.behaviour(reach)!;
  world.set(reach, (call, attempt) => (call.run.debt ? broken(call, attempt) : unreached));
}

/** A builder that took the first task and no other, and one that goes on. */
const [gone, alive] = ['builder-1', 'builder-2'];
const buildsAt =
  (...builders: string[]) =>
  (world: FakeWorld): void => {
    world.builderAwayMs = awayMs;
    world.set('images/binaries', (_call, attempt) => ({
      outcome: 'done',
      facts: { worker: builders[attempt - 1] ?? '', source: 's' },
    }));
  };
const awayMs = 1_500;
const building = aSpec({ build: true, clusters: ['member-1'] });
const startImages = (env: TestWorkflowEnvironment, input: RunInput): Promise<Handle> =>
  env.client.workflow.start('imagesRun', {
    workflowId: imagesWorkflowIdOf(input.federation),
    taskQueue: queueOf(input),
    args: [imagesInput(input)],
  }) as Promise<unknown> as Promise<Handle>;

function imagesInput({ federation, startedBy, host, digest }: RunInput): ImagesInput {
  const { steps } = freezeUp(aSpec({ build: true }), { builderAwayMs: awayMs });
  const chosen = imagesSteps.push.flatMap((id) => steps.filter((step) => step.id === id));
  return { goal: 'push', federation, startedBy, host, digest, steps: chosen };
}

/** Every kind of run whose history must replay on later code. The key names its files. */
export const recordedRuns: Readonly<Record<string, RecordedRun>> = {
  up: { follow: completes },
  'up-parked-and-retried': {
    world: (world) => {
      world.break('apiserver/address');
      world.break('clusters/member-1/register');
    },
    follow: async (handle, world) => {
      await blocked(handle);
      world.fix('apiserver/address');
      await handle.executeUpdate(retryUpdate, { args: [{ steps: ['apiserver/address'] }] });
      await until(handle, (state) => state.clusters['member-1']?.status === 'blocked');
      world.fix('clusters/member-1/register');
      await handle.executeUpdate(retryUpdate, { args: [{}] });
      await completes(handle);
    },
  },
  'up-amended': {
    world: (world) => world.break('apiserver/ready'),
    follow: async (handle, world) => {
      await blocked(handle);
      world.fix('apiserver/ready');
      const image = { registry: 'registry.example:5000', name: 'hyperkube-amd64', version: 'v1.5.1' };
      const spec = { ...aTestSpec, images: { ...aTestSpec.images, apiserver: image } };
      await handle.executeUpdate(amendUpdate, { args: [{ spec, digest: 'e', by }] });
      await completes(handle);
    },
  },
  'up-rolled-back': {
    world: (world) => world.break('clusters/member-1/register'),
    follow: async (handle) => {
      await until(handle, (state) => state.status === 'blocked' && state.clusters['member-2']?.status === 'ready');
      await handle.executeUpdate(cancelUpdate, { args: [{ by, rollback: true }] });
      await ends(handle);
    },
  },
  'up-cancelled': {
    world: (world) => world.break('clusters/member-1/register'),
    follow: async (handle) => {
      await blocked(handle);
      await handle.executeUpdate(cancelUpdate, { args: [{ by }] });
      await ends(handle);
    },
  },
  down: { input: down, follow: completes },
  'down-with-debt': {
    input: down,
    world: silent,
    follow: async (handle, world, env, { federation }) => {
      await completes(handle);
      const debt = env.client.workflow.getHandle(debtWorkflowIdOf(federation, 'member-2')) as Handle;
      await blocked(debt);
      world.fix(reach);
      await completes(debt);
    },
  },
  'down-with-debt-in-the-middle': {
    input: down,
    world: (world) => {
      world.slowEveryMs = 100;
      world.break('undo clusters/member-2/identity');
      world.set(`${reach}-again`, () => unreached);
    },
    follow: async (handle, world, env, { federation }) => {
      await completes(handle);
      world.fix('undo clusters/member-2/identity');
      await completes(env.client.workflow.getHandle(debtWorkflowIdOf(federation, 'member-2')) as Handle);
    },
  },
  'up-paused': {
    world: (world) => world.break('etcd/claim'),
    follow: async (handle, world) => {
      await blocked(handle);
      await handle.executeUpdate(pauseUpdate, { args: [{ by }] });
      world.fix('etcd/claim');
      await handle.executeUpdate(retryUpdate, { args: [{}] });
      await until(handle, (state) => state.steps['etcd/claim']?.status === 'done');
      await handle.executeUpdate(resumeUpdate, { args: [{ by }] });
      await completes(handle);
    },
  },
  'up-skipped': {
    world: (world) => world.break('dns/delegation'),
    follow: async (handle) => {
      await until(handle, (state) => state.steps['dns/delegation']?.status === 'blocked');
      await handle.executeUpdate(skipUpdate, { args: [{ step: 'dns/delegation', by }] });
      await completes(handle);
    },
  },
  'up-retried-by-signal': {
    world: (world) => world.break('clusters/member-2/register'),
    follow: async (handle, world) => {
      await blocked(handle);
      world.fix('clusters/member-2/register');
      await handle.signal(retrySignal, { by });
      await completes(handle);
    },
  },
  'up-with-a-member-cancelled': {
    world: (world) => world.break('clusters/member-1/reach'),
    follow: async (handle, _world, env, { federation }) => {
      await blocked(handle);
      await env.client.workflow.getHandle(memberWorkflowIdOf(federation, 'member-1')).cancel();
      await ends(handle);
    },
  },
  'up-pruned': {
    input: { prune: true, spec: { ...aTestSpec, clusters: [standing[0]!, joining] } },
    world: stands,
    follow: completes,
  },
  images: { start: startImages, follow: completes },
  'images-at-another-builder': {
    start: startImages,
    builder: alive,
    world: buildsAt(gone, alive),
    follow: completes,
  },
  'up-that-builds': {
    input: { spec: building },
    builder: alive,
    world: buildsAt(alive),
    follow: completes,
  },
  'up-that-builds-again': {
    input: { spec: building },
    builder: alive,
    world: buildsAt(gone, alive),
    follow: completes,
  },
  'up-parked-at-its-push': {
    input: { spec: building },
    builder: alive,
    world: (world) => {
      buildsAt(alive)(world);
      world.break('images/push');
    },
    follow: async (handle, world) => {
      await blocked(handle);
      world.fix('images/push');
      await handle.executeUpdate(retryUpdate, { args: [{ steps: ['images/push'] }] });
      await completes(handle);
    },
  },
  join: { input: { operation: 'join', join: [joining] }, world: stands, follow: completes },
  unjoin: { input: { operation: 'unjoin', unjoin: ['member-2'] }, world: stands, follow: completes },
};

/** Makes a run of the given kind from start to end, with fake activities on a real Temporal; returns its handle. */
export async function makeRun(env: TestWorkflowEnvironment, kind: string): Promise<Handle> {
  const run = recordedRuns[kind];
  if (!run) throw new Error(`no kind of run ${kind}`);
  const world = new FakeWorld();
  run.world?.(world);
  const act = async (handle: Handle, input: RunInput): Promise<Handle> => {
    await run.follow(handle, world, env, input);
    return handle;
  };
  const { start, builder } = run;
  const change = { federation: kind, startedBy: by, ...run.input };
  return inRun(env, world, act, { ...change, ...(start ? { start } : {}), ...(builder ? { builder } : {}) });
}
