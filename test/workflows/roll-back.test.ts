import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { cancelUpdate, getRunStateQuery, retryUpdate, skipUpdate } from '../../src/run/messages.ts';
import { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { startTemporal } from '../helpers/temporal/temporal.ts';
import { type Handle, inRun, refusalOf, until } from './runs.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(() => env.teardown());

const rollback = (handle: Handle): Promise<string> =>
  handle.executeUpdate(cancelUpdate, { args: [{ by: 'ann@desk', rollback: true }] });
const undone = (world: FakeWorld): string[] =>
  world.calls.filter((id) => id.startsWith('undo ')).map((id) => id.slice('undo '.length));
const messageOf = async (handle: Handle): Promise<string | undefined> =>
  ((await handle.result().catch((error: unknown) => error)) as WorkflowFailedError).cause?.message;

describe('cancel --rollback', () => {
  it('undoes what began, in reverse, members first, and nothing else', async () => {
    const world = new FakeWorld();
    world.break('clusters/member-1/register');
    await inRun(env, world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked' && state.clusters['member-2']?.status === 'ready');
      expect(await rollback(handle)).toContain('undone');
      expect(await messageOf(handle)).toBe('cancelled by ann@desk; what this run made is undone');
      const state = await handle.query(getRunStateQuery);
      expect(state.status).toBe('cancelled');
      expect(new Set(Object.values(state.steps).map(({ status }) => status))).toEqual(new Set(['undone']));
      expect(Object.values(state.clusters).map(({ status }) => status)).toEqual(['unjoined', 'unjoined']);
    });
    const order = (id: string): number => undone(world).indexOf(id);
    expect(new Set(undone(world)).size).toBe(undone(world).length);
    expect(order('clusters/member-2/identity')).toBeGreaterThan(order('clusters/member-2/register'));
    expect(order('controller-manager/deployment')).toBeGreaterThan(order('clusters/member-1/identity'));
    expect(order('apiserver/service')).toBeGreaterThan(order('apiserver/deployment'));
    expect(order('host/namespace')).toBe(undone(world).length - 1);
    const told = world.runs.filter(({ id }) => id.startsWith('undo '));
    expect(told.every(({ run }) => run.rollback === true)).toBe(true);
    expect(new Set(world.runs.map(({ run }) => run.firstRunId)).size).toBe(1);
  });

  it('leaves out steps and members that never began', async () => {
    const world = new FakeWorld();
    world.break('host/record');
    await inRun(env, world, async (handle) => {
      await until(handle, (state) => state.status === 'blocked');
      await rollback(handle);
      await messageOf(handle);
    });
    expect(undone(world)).toEqual(['host/record', 'host/namespace']);
  });

  it('parks an undo that fails, in host and member, and goes on after retry or skip; nothing cancels it', async () => {
    const world = new FakeWorld();
    world.break('verify/control-plane');
    world.break('undo clusters/member-1/register');
    world.break('undo apiserver/service');
    await inRun(env, world, async (handle, { federation }) => {
      await until(handle, (state) => state.status === 'blocked');
      await rollback(handle);
      const blocked = await until(handle, (state) => state.status === 'blocked' && state.rollingBack);
      expect(blocked.clusters['member-1']).toMatchObject({ blockedStep: 'clusters/member-1/register' });
      expect(await refusalOf(rollback(handle))).toContain('rolling back, which cannot be cancelled');
      await handle.cancel();
      world.fix('undo clusters/member-1/register');
      const child = env.client.workflow.getHandle(`federation/${federation}/clusters/member-1`);
      await child.executeUpdate(retryUpdate, { args: [{}] });
      await until(handle, (state) => state.steps['apiserver/service']?.status === 'blocked');
      await until(handle, (state) => state.status === 'blocked');
      await handle.executeUpdate(skipUpdate, { args: [{ step: 'apiserver/service' }] });
      expect(await messageOf(handle)).toContain('what this run made is undone');
      expect((await handle.query(getRunStateQuery)).steps['apiserver/service']!.status).toBe('skipped');
    });
  });

  it('waits for what still runs before it undoes it', async () => {
    const world = new FakeWorld();
    let ended = 0;
    world.set('etcd/claim', async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      ended = world.calls.length;
      return undefined;
    });
    await inRun(env, world, async (handle) => {
      await until(handle, (state) => state.steps['etcd/claim']?.status === 'running');
      await rollback(handle);
      await messageOf(handle);
    });
    expect(ended).toBeGreaterThan(0);
    expect(world.calls.indexOf('undo etcd/claim')).toBeGreaterThanOrEqual(ended);
  });

  it('is refused for a turn-down and for one member alone', async () => {
    const world = new FakeWorld();
    world.break('undo apiserver/service');
    await inRun(
      env,
      world,
      async (handle) => {
        await until(handle, (state) => state.status === 'blocked');
        expect(await refusalOf(rollback(handle))).toContain('a run of down cannot be rolled back');
        await handle.terminate();
      },
      { operation: 'down', down: { volumes: 'keep' } },
    );
  });
});
