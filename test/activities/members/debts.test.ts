import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createActivities } from '../../../activities/index.ts';
import { namespaceActivities } from '../../../activities/core/namespace.ts';
import { recordIntent } from '../../../activities/core/ledger.ts';
import { entryFor, ensureObject } from '../../../activities/core/objects.ts';
import { readRecord } from '../../../activities/core/record.ts';
import { inStep, type StepScope } from '../../../activities/core/step.ts';
import type { RunContext, StepCall, StepResult } from '../../../src/catalogue/call.ts';
import { memberPlace } from '../../../src/kubernetes/place.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, kubeconfigFile, type MemberWorld, memberWorld } from '../../helpers/kubernetes/member-world.ts';
import { aSpec } from '../../helpers/common/spec.ts';

let host: KubeApiserver;
let member: KubeApiserver;
beforeAll(async () => {
  [host, member] = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 120_000);
afterAll(async () => {
  await Promise.all([host.stop(), member.stop()]);
});

/** A kubeconfig of a member that is switched off: nothing listens there. */
const off = () =>
  kubeconfigFile(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { token: 'none' } }],
      contexts: [{ name: 'only', context: { cluster: 'c', user: 'u' } }],
    }),
  );
const asOff = (world: MemberWorld): Partial<RunContext> => ({ member: { ...world.run.member!, ...off() } });
const debt: Partial<RunContext> = { debt: true, firstRunId: 'of-a-run-that-is-over' };

const acts = (world: MemberWorld) =>
  createActivities(world.deps) as unknown as Record<string, (call: StepCall) => Promise<StepResult>>;
const run = (
  world: MemberWorld,
  activity: string,
  step: string,
  change: Partial<RunContext> = {},
  input: object = {},
) => {
  const call = world.call('clusters/{cluster}/reach', { run: change }) as StepCall<object>;
  const id = `clusters/member-1/${step}`;
  return world.act(acts(world)[activity]!, { ...call, step: id, input: { ...call.input, ...input } });
};
/** Two objects in the member, as its identity would make them. */
async function joined(world: MemberWorld): Promise<void> {
  const call = world.call('clusters/{cluster}/identity') as StepCall;
  const metadata = { name: `made-by-${world.run.uuid}`, namespace: 'default' };
  await world.act(
    () =>
      inStep(world.deps, call, async (scope: StepScope) => {
        await ensureObject(scope, 'member', { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
        const intent = { apiVersion: 'v1', kind: 'Secret', name: 'never-made', namespace: 'default' };
        await recordIntent(scope, entryFor(scope, memberPlace('member-1'), intent, 'created'));
      }),
    call,
  );
}
const record = (world: MemberWorld) => readRecord(world.host, world.namespace);
const down = async (world: MemberWorld): Promise<string | undefined> => {
  const { member: _member, ...hostRun } = world.run;
  const call = { step: 'host/record', run: hostRun, parked: false, waitMs: 0, input: { undo: {} } } as StepCall;
  const { note } = await world.act(acts(world)['removeRecord']!, call);
  await world.act(namespaceActivities(world.deps).removeNamespace as never, { ...call, step: 'host/namespace' });
  return note;
};

describe('a member that leaves', () => {
  it('is not asked when nothing was ever made in it', async () => {
    const world = await memberWorld(host, member);
    expect(await run(world, 'lookAtLeaving', 'reach', asOff(world))).toMatchObject({ facts: { reached: true } });
  });

  it('answers, or does not: both are values, and gone contexts too', async () => {
    const world = await memberWorld(host, member);
    await joined(world);
    expect((await run(world, 'lookAtLeaving', 'reach')).facts).toEqual({ reached: true });
    const silent = await run(world, 'lookAtLeaving', 'reach', asOff(world));
    expect(silent).toMatchObject({ facts: { reached: false }, note: expect.stringContaining('127.0.0.1:1') });
    const gone = { member: { ...world.run.member!, context: 'gone' } };
    expect((await run(world, 'lookAtLeaving', 'reach', gone)).facts).toEqual({ reached: false });
  });
});

describe('a debt', () => {
  it('keeps record, ledger and namespace through a turn-down, and takes them along when it is settled', async () => {
    const world = await memberWorld(host, member);
    await world.host.mergePatch(
      { apiVersion: 'v1', kind: 'Namespace', name: world.namespace },
      { metadata: { labels: { 'fedctl/federation': world.run.uuid } } },
    );
    await joined(world);
    const opened = await run(world, 'openDebt', 'debt', asOff(world));
    expect(opened).toMatchObject({ outcome: 'created', note: '2 objects in member-1' });
    expect((opened.facts['entries'] as string[])[0]).toBe('Secret default/never-made');
    expect((await run(world, 'openDebt', 'debt', asOff(world))).facts).toEqual(opened.facts);

    expect(await down(world)).toContain('is kept until member-1 is cleaned up');
    expect(await record(world)).toMatchObject({ phase: 'debts', debts: { 'member-1': { objects: 2 } } });
    expect(await world.ledger()).toHaveLength(2);

    expect((await run(world, 'removeObjects', 'identity', debt, { undo: {} })).outcome).toBe('removed');
    expect(await world.member.list({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default' })).toEqual(
      expect.not.arrayContaining([
        expect.objectContaining({ metadata: expect.objectContaining({ name: `made-by-${world.run.uuid}` }) }),
      ]),
    );
    // No controller ends a namespace of this API server: it is enough that its deletion was asked for.
    await run(world, 'settleDebt', 'debt', debt).catch(() => undefined);
    expect(await record(world)).toBeUndefined();
    const namespace = await world.host.read({ apiVersion: 'v1', kind: 'Namespace', name: world.namespace });
    expect(namespace?.metadata.deletionTimestamp ?? 'gone').toBeTruthy();
  }, 120_000);

  it('of a federation that stands takes along only its ledger', async () => {
    const world = await memberWorld(host, member);
    await joined(world);
    await run(world, 'openDebt', 'debt', asOff(world));
    expect((await run(world, 'settleDebt', 'debt', debt)).outcome).toBe('removed');
    expect(await record(world)).toMatchObject({ phase: 'turning-up', debts: {} });
    expect((await run(world, 'settleDebt', 'debt', debt)).outcome).toBe('removed');
  });

  it('is settled only once: what a member that joins again made since stays in its ledger', async () => {
    const world = await memberWorld(host, member);
    await joined(world);
    await run(world, 'openDebt', 'debt', asOff(world));
    await run(world, 'settleDebt', 'debt', debt);
    expect(await world.ledger()).toEqual([]);
    await joined(world);
    await run(world, 'markRecord', 'record');
    await run(world, 'settleDebt', 'debt', debt);
    expect(await world.ledger()).toHaveLength(2);
  });

  it('keeps the member from joining again, with the ways out', async () => {
    const world = await memberWorld(host, member);
    await joined(world);
    await run(world, 'openDebt', 'debt', asOff(world));
    const refused = await failureOf(run(world, 'reachMember', 'reach'));
    expect(refused).toMatchObject({ type: 'DEBT_OPEN', nonRetryable: true, data: { cluster: 'member-1' } });
    expect((await run(world, 'reachMember', 'reach', debt)).outcome).toBe('done');
    await run(world, 'settleDebt', 'debt', debt);
    expect((await run(world, 'reachMember', 'reach')).outcome).toBe('done');
  });
});

describe('the members of a record', () => {
  const plan = (world: MemberWorld, given: object) =>
    run(world, 'planSteps', 'reach', {}, { plan: given }) as unknown as Promise<{
      facts: { uuid: string; graph: { clusters: { members: { name: string }[] } | null; steps: { id: string }[] } };
    }>;
  const names = (answer: Awaited<ReturnType<typeof plan>>): string[] =>
    (answer.facts.graph.clusters?.members ?? []).map(({ name }) => name);
  const ensure = (world: MemberWorld, clusters: string[]) => {
    const spec = aSpec({ clusters, dns: true });
    const { member: _member, ...hostRun } = world.run;
    const input = { spec, facts: {}, record: { spec } };
    return world.act(acts(world)['ensureRecord']!, {
      step: 'host/record',
      run: hostRun,
      parked: false,
      waitMs: 0,
      input,
    });
  };

  it('stay when a spec no longer names them: down and prune still know them', async () => {
    const world = await memberWorld(host, member);
    await ensure(world, ['member-2']);
    expect((await record(world))?.members.map(({ name }) => name)).toEqual(['member-1', 'member-2']);
    const spec = aSpec({ clusters: ['member-2'], dns: true });
    const pruned = await plan(world, { operation: 'up', spec, prune: true });
    expect(names(pruned)).toEqual(['member-2', 'member-1']);
    const turnedDown = await plan(world, { operation: 'down', down: { volumes: 'keep' } });
    expect(names(turnedDown).sort()).toEqual(['member-1', 'member-2']);
    expect(turnedDown.facts.uuid).toBe(world.run.uuid);
  });

  it('leave by unjoin, and are refused by name when there is no such member', async () => {
    const world = await memberWorld(host, member);
    const early = await failureOf(plan(world, { operation: 'unjoin', unjoin: ['member-1'] }) as never);
    expect(early.type).toBe('NOT_STANDING');
    await run(world, 'markRecord', 'record');
    const unknown = await failureOf(plan(world, { operation: 'unjoin', unjoin: ['member-9'] }) as never);
    expect(unknown).toMatchObject({ type: 'MEMBER_NOT_KNOWN', message: expect.stringContaining('members: member-1') });
    expect(names(await plan(world, { operation: 'unjoin', unjoin: ['member-1'] }))).toEqual(['member-1']);
    await run(world, 'markRecord', 'record', {}, { left: ['member-1'] });
    const after = await record(world);
    expect([after?.members, after?.spec?.clusters, after?.phase]).toEqual([[], [], 'up']);
  });

  it('come by join, again after one that failed, and can leave then: the federation stands all the while', async () => {
    const world = await memberWorld(host, member);
    await run(world, 'markRecord', 'record');
    const standing = (await record(world))!.spec!;
    const joining = aSpec({ clusters: ['member-3'] }).clusters;
    const spec = { ...standing, clusters: [...standing.clusters, ...joining] };
    const { member: _member, ...hostRun } = world.run;
    const call = { step: 'host/record', parked: false, waitMs: 0, input: { spec, facts: {}, record: { spec } } };
    const join = { ...call, run: { ...hostRun, operation: 'join', digest: 'sha256:joined' } };
    expect((await world.act(acts(world)['ensureRecord']!, join as StepCall)).outcome).toBe('updated');
    expect(await record(world)).toMatchObject({ digest: 'sha256:joined', phase: 'up' });
    expect(names(await plan(world, { operation: 'join', join: joining }))).toEqual(['member-3']);
    expect(names(await plan(world, { operation: 'unjoin', unjoin: ['member-3'] }))).toEqual(['member-3']);
    const up = { ...call, run: { ...hostRun, operation: 'up', digest: 'sha256:changed' } };
    await world.act(acts(world)['ensureRecord']!, up as StepCall);
    expect((await record(world))?.phase).toBe('turning-up');
  });

  it('come by join, of a federation that stands', async () => {
    const world = await memberWorld(host, member);
    await run(world, 'markRecord', 'record');
    const joining = aSpec({ clusters: ['member-3'] }).clusters;
    const answer = await plan(world, { operation: 'join', join: joining });
    expect(names(answer)).toEqual(['member-3']);
    expect(answer.facts.graph.steps.map(({ id }) => id)).toContain('host/record');
  });
});
