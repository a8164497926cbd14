import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CancelledFailure } from '@temporalio/common';
import type { Deps, RunDirectory } from '../../../activities/core/deps.ts';
import { holdActivities } from '../../../activities/core/hold.ts';
import { recordIntent, recordUid } from '../../../activities/core/ledger.ts';
import { namespaceActivities } from '../../../activities/core/namespace.ts';
import { entryFor, ensureObject, removeStepObjects } from '../../../activities/core/objects.ts';
import { readOwner } from '../../../activities/core/owner.ts';
import { planActivities } from '../../../activities/core/plan-steps.ts';
import { readRecord, recordActivities } from '../../../activities/core/record.ts';
import { inStep, type StepScope } from '../../../activities/core/step.ts';
import type { RunContext, StepCall } from '../../../src/catalogue/call.ts';
import { names } from '../../../src/kubernetes/names.ts';
import { dnsPlace, hostPlace, memberPlace } from '../../../src/kubernetes/place.ts';
import { activityEnvironment } from '../../helpers/temporal/activity-environment.ts';
import { type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, kubeconfigFile } from '../../helpers/kubernetes/member-world.ts';
import { aSpec } from '../../helpers/common/spec.ts';
import { undoOf } from '../../helpers/common/undo.ts';

let server: KubeApiserver;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 90_000);
afterAll(() => server.stop());

const closed: Partial<RunDirectory> = { isOpen: async () => false };
const elsewhere: Partial<RunDirectory> = { namespaceUuid: async () => 'temporal-2' };
const knowing = (deps: Deps, runs: Partial<RunDirectory>): Deps => ({ ...deps, runs: { ...deps.runs, ...runs } });
const later: Partial<RunContext> = { firstRunId: 'a-later-run', startedBy: 'ann@desk' };

const ensureRecord = (world: HostWorld, run: Partial<RunContext>, runs: Partial<RunDirectory>) =>
  world.act(recordActivities(knowing(world.deps, runs)).ensureRecord, world.call('host/record', { run }));
/** The owner's Lease was renewed last so long ago, ms. */
const lastSeen = (world: HostWorld, ago: number) =>
  world.host.mergePatch(
    { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: names.lease, namespace: world.namespace },
    { spec: { renewTime: new Date(Date.now() - ago).toISOString().replace('Z', '000Z') } },
  );
/** Holds the federation for a run until it has said something, and is cancelled; tells what it said. */
async function held(world: HostWorld, run: RunContext): Promise<string> {
  const environment = activityEnvironment({ scheduledTimestampMs: Date.now() });
  let told = '';
  environment.on('heartbeat', (detail: string) => {
    told = detail;
    environment.cancel('CANCELLED');
  });
  const ended = environment.run(
    holdActivities(world.deps).holdFederation,
    world.call('host/record', { run }) as StepCall,
  );
  await expect(ended).rejects.toBeInstanceOf(CancelledFailure);
  return told;
}
const ownerOf = async (world: HostWorld) => (await readOwner(world.host, world.namespace))?.firstRunId;

describe('the owner of a federation', () => {
  it('is replaced when its run is closed or gone on the same server, and writes no more', async () => {
    const world = await hostWorld(server);
    expect((await ensureRecord(world, later, closed)).outcome).toBe('kept');
    expect(await ownerOf(world)).toBe('a-later-run');
    const refused = await failureOf(world.act(recordActivities(world.deps).markRecord, world.call('verify/record')));
    expect(refused).toMatchObject({ type: 'OWNER_CHANGED', message: expect.stringContaining('ann@desk') });
    expect((await readRecord(world.host, world.namespace))?.phase).toBe('turning-up');
  });

  it('is not replaced while its run is open', async () => {
    const world = await hostWorld(server);
    const refused = await failureOf(ensureRecord(world, later, {}));
    expect(refused).toMatchObject({ type: 'OWNED_ELSEWHERE', message: expect.stringContaining('that run is open') });
    expect(await ownerOf(world)).toBe(world.run.firstRunId);
  });

  it('of another Temporal server is replaced only by --take-over, as with a database that is lost', async () => {
    const world = await hostWorld(server);
    const refused = await failureOf(ensureRecord(world, later, { ...elsewhere, ...closed }));
    expect(refused).toMatchObject({ type: 'OWNED_ELSEWHERE', message: expect.stringContaining('another Temporal') });
    await ensureRecord(world, { ...later, takeOver: true }, { ...elsewhere, ...closed });
    expect(await ownerOf(world)).toBe('a-later-run');
  });

  it('of another Temporal server is gone when it renewed nothing for its time, and not a moment before', async () => {
    const world = await hostWorld(server);
    const holding = { holds: true, firstRunId: 'an-open-run' };
    await ensureRecord(world, holding, closed);
    const owner = await readOwner(world.host, world.namespace);
    expect(Date.parse(owner!.heldUntil!) - Date.parse(owner!.renewTime)).toBe(300_000);
    const refused = await failureOf(ensureRecord(world, later, elsewhere));
    expect(refused).toMatchObject({ type: 'OWNED_ELSEWHERE', message: expect.stringContaining(owner!.heldUntil!) });
    await lastSeen(world, 299_000);
    expect(await failureOf(ensureRecord(world, later, elsewhere))).toMatchObject({ type: 'OWNED_ELSEWHERE' });
    await lastSeen(world, 301_000);
    await ensureRecord(world, later, elsewhere);
    expect(await ownerOf(world)).toBe('a-later-run');
    // A run that does not renew all the time is not gone when it is silent.
    expect(await readOwner(world.host, world.namespace)).toMatchObject({ heldUntil: null });
    await lastSeen(world, 86_400_000);
    expect(await failureOf(ensureRecord(world, holding, elsewhere))).toMatchObject({ type: 'OWNED_ELSEWHERE' });
  });

  it('is not gone on the same server, which knows better, however long it was silent', async () => {
    const world = await hostWorld(server);
    await ensureRecord(world, { holds: true, firstRunId: 'an-open-run' }, closed);
    await lastSeen(world, 86_400_000);
    expect(await failureOf(ensureRecord(world, later, {}))).toMatchObject({ type: 'OWNED_ELSEWHERE' });
  });

  it('is renewed as long as its run is open, whatever the run does; another one is not', async () => {
    const world = await hostWorld(server);
    const silence = 200_000;
    await lastSeen(world, silence);
    await held(world, world.run);
    const renewed = await readOwner(world.host, world.namespace);
    expect(Date.now() - Date.parse(renewed!.renewTime)).toBeLessThan(silence);
    await held(world, { ...world.run, firstRunId: 'another' });
    expect(await readOwner(world.host, world.namespace)).toEqual(renewed);
  });

  it('stays without renewal where the host does not answer, and nothing ends by that', async () => {
    const world = await hostWorld(server);
    const cluster = { server: 'https://127.0.0.1:1', 'insecure-skip-tls-verify': true };
    const gone = kubeconfigFile(
      JSON.stringify({
        clusters: [{ name: 'gone', cluster }],
        users: [{ name: 'gone', user: { token: 't' } }],
        contexts: [{ name: 'only', context: { cluster: 'gone', user: 'gone' } }],
      }),
    );
    expect(await held(world, { ...world.run, host: { ...gone, namespace: world.namespace } })).toContain(
      'the Lease was not renewed',
    );
    expect(await ownerOf(world)).toBe(world.run.firstRunId);
  });

  it('gives the federation back at the end of a run, when it is still its own', async () => {
    const world = await hostWorld(server);
    const release = (run: Partial<RunContext>) =>
      world.act(holdActivities(world.deps).releaseFederation, world.call('host/record', { run }));
    await release(later);
    expect(await ownerOf(world)).toBe(world.run.firstRunId);
    await release({});
    expect(await readOwner(world.host, world.namespace)).toBeUndefined();
    await release({});
    await ensureRecord(world, later, elsewhere);
    expect(await ownerOf(world)).toBe('a-later-run');
  });

  it('gives the federation back when it stands, and then anybody may have it', async () => {
    const world = await hostWorld(server);
    await world.act(recordActivities(world.deps).markRecord, world.call('verify/record'));
    expect(await readOwner(world.host, world.namespace)).toBeUndefined();
    await ensureRecord(world, later, elsewhere);
    expect(await ownerOf(world)).toBe('a-later-run');
  });

  it("may give it back twice: its worker died before Temporal heard of it; but not once it is somebody else's", async () => {
    const world = await hostWorld(server);
    const mark = () => world.act(recordActivities(world.deps).markRecord, world.call('verify/record'));
    await mark();
    expect((await mark()).outcome).toBe('kept');
    await ensureRecord(world, later, closed);
    expect(await failureOf(mark())).toMatchObject({ type: 'OWNER_CHANGED' });
  });

  it('cannot be two: the one who read an older Lease loses', async () => {
    const world = await hostWorld(server);
    const results = await Promise.allSettled(
      ['one', 'two', 'three'].map((firstRunId) => ensureRecord(world, { firstRunId, takeOver: true }, {})),
    );
    const winners = results.filter(({ status }) => status === 'fulfilled').length;
    expect(winners).toBeGreaterThanOrEqual(1);
    const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.type] : []));
    for (const type of losers) expect(type).toBe('CONFLICT');
  });
});

describe('the record', () => {
  it('refuses another federation in the same namespace', async () => {
    const world = await hostWorld(server);
    const refused = await failureOf(ensureRecord(world, { federation: 'other' }, closed));
    expect(refused).toMatchObject({ type: 'RECORD_OTHER', data: { federation: 'myfederation' } });
  });

  it('takes a changed digest, and says turning-up again after a turn-down that was given up', async () => {
    const world = await hostWorld(server);
    await ensureRecord(world, { digest: 'sha256:1' }, {});
    expect(await readRecord(world.host, world.namespace)).toMatchObject({ digest: 'sha256:1', phase: 'turning-up' });
    await world.host.mergePatch(
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'fedctl-record', namespace: world.namespace },
      { data: { phase: 'turning-down' } },
    );
    expect((await ensureRecord(world, { digest: 'sha256:1' }, {})).outcome).toBe('updated');
    expect((await readRecord(world.host, world.namespace))?.phase).toBe('turning-up');
  });

  it('refuses a file that would leave behind what the old one made, and names it', async () => {
    const world = await hostWorld(server);
    const dns = {
      provider: 'powerdns',
      zone: 'federation.example.',
      domain: 'federation.example',
      apiserverRecord: true,
    };
    const change = (more: object) => {
      const call = world.call('host/record', { run: { digest: JSON.stringify(more) } });
      const spec = federationSpec(more);
      return world.act(recordActivities(world.deps).ensureRecord, {
        ...call,
        input: { ...call.input, record: { spec } },
      } as typeof call);
    };
    const federationSpec = (more: object) => aSpec({ spec: { dns: { ...dns, ...more } } });
    const noted = async (step: string, kind: string, name: string) => {
      const call = world.call('host/record') as StepCall;
      const ref = { apiVersion: '', kind, name, namespace: 'powerdns' };
      await world.act(
        () =>
          inStep(world.deps, call, (scope) =>
            recordIntent(scope, { ...entryFor(scope, dnsPlace, ref, 'created'), step }),
          ),
        call,
      );
    };
    await change({});
    expect((await change({ zone: 'elsewhere.example.' })).outcome).toBe('updated');
    await change({});
    await noted('dns/zone', 'Zone', 'federation.example');
    await noted('dns/apiserver-record', 'Record', 'federation-apiserver.federation.example');
    const refused = async (more: object) => failureOf(change(more));
    expect(await refused({ zone: 'elsewhere.example.' })).toMatchObject({
      type: 'SPEC_ORPHANS',
      nonRetryable: true,
      message: expect.stringContaining('dns: Zone federation.example (dns/zone)'),
    });
    expect((await refused({ apiserverRecord: false })).message).toBe(
      'nothing would remove dns: Record federation-apiserver.federation.example (dns/apiserver-record)',
    );
    expect((await refused({ domain: 'other.example' })).message).toContain('Record');
    expect((await readRecord(world.host, world.namespace))?.digest).toBe('{}');
    expect((await change({ createZone: false })).outcome).toBe('updated');
  });

  it('has the turn-down tell of what no undo of it takes away', async () => {
    const world = await hostWorld(server);
    const call = world.call('host/record') as StepCall;
    const entries = [
      [dnsPlace, 'Zone', 'gone.example', 'dns/zone', 'created'],
      [memberPlace('member-1'), 'ConfigMap', 'kube-dns', 'clusters/member-1/cluster-dns', 'changed'],
      [hostPlace, 'Secret', 'labelled', 'controller-manager/dns-credentials', 'created'],
    ] as const;
    await world.act(
      () =>
        inStep(world.deps, call, async (scope) => {
          for (const [place, kind, name, step, origin] of entries) {
            const ref = { apiVersion: 'v1', kind, name, namespace: 'x' };
            await recordIntent(scope, { ...entryFor(scope, place, ref, origin), step });
          }
        }),
      call,
    );
    const { planSteps } = planActivities(world.deps);
    const down = { ...call, input: { plan: { operation: 'down' as const, down: { volumes: 'keep' as const } } } };
    const { facts } = await world.act(planSteps, down as Parameters<typeof planSteps>[0]);
    expect(facts.graph.steps.find(({ id }) => id === 'down/sweep')?.input['orphans']).toEqual([
      'member-1: ConfigMap kube-dns (clusters/member-1/cluster-dns)',
      'dns: Zone gone.example (dns/zone)',
    ]);
  });

  it('goes in a rollback of the run that made it; after any other it says what it said before', async () => {
    const world = await hostWorld(server);
    await world.act(recordActivities(world.deps).markRecord, world.call('verify/record'));
    await ensureRecord(world, { ...later, digest: 'sha256:2' }, closed);
    const remove = (run: Partial<RunContext>) =>
      world.act(recordActivities(world.deps).removeRecord, undoOf(world.call('host/record', { run })));
    expect((await remove({ ...later, rollback: true })).outcome).toBe('updated');
    expect(await readRecord(world.host, world.namespace)).toMatchObject({ digest: 'sha256:0', phase: 'up' });
    expect(await readOwner(world.host, world.namespace)).toBeUndefined();
    expect(await failureOf(remove({ rollback: true }))).toMatchObject({ type: 'OWNER_CHANGED' });
    await ensureRecord(world, {}, closed);
    expect((await remove({ rollback: true })).outcome).toBe('removed');
    expect(await readRecord(world.host, world.namespace)).toBeUndefined();
  });
});

describe('the uuid of a federation', () => {
  const ensure = (world: HostWorld, uuid: string) =>
    world.act(namespaceActivities(world.deps).ensureNamespace, world.call('host/namespace', { run: { uuid } }));

  it('is that of the record in a namespace that was there before', async () => {
    const world = await hostWorld(server);
    expect((await ensure(world, 'a-new-proposal')).facts).toEqual({ uuid: world.run.uuid, created: false });
  });

  it('is that of the label when a crash came before the record', async () => {
    const world = await hostWorld(server);
    const run = { host: { ...world.run.host, namespace: `${world.namespace}-fresh` } };
    const made = (uuid: string) =>
      world.act(
        namespaceActivities(world.deps).ensureNamespace,
        world.call('host/namespace', { run: { ...run, uuid } }),
      );
    expect((await made('first')).facts).toEqual({ uuid: 'first', created: true });
    expect(await made('second')).toMatchObject({ outcome: 'kept', facts: { uuid: 'first', created: true } });
  });
});

describe('what a run made', () => {
  const map = (world: HostWorld, name: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: world.namespace },
    data: { a: 'b' },
  });
  const inScope = <T>(
    world: HostWorld,
    run: Partial<RunContext>,
    act: (scope: StepScope) => Promise<T>,
  ): Promise<T> => {
    const call = world.call('apiserver/service', { run }) as StepCall;
    return world.act(() => inStep(world.deps, call, act), call);
  };
  const undo = (world: HostWorld, run: Partial<RunContext>) =>
    inScope(world, run, (scope) => removeStepObjects(scope, undoOf(world.call('apiserver/service'))));

  it('is recognised after a crash before the ledger: by the uuid, and made only once', async () => {
    const world = await hostWorld(server);
    const object = map(world, 'made');
    const uid = await inScope(world, {}, async (scope) => {
      await recordIntent(scope, entryFor(scope, hostPlace, { ...object, ...object.metadata }, 'created'));
      return (await ensureObject({ ...scope, step: 'etcd/claim' }, 'host', map(world, 'other'))).object.metadata.uid;
    });
    expect(uid).toBeTruthy();
    const again = await inScope(world, later, (scope) => ensureObject(scope, 'host', map(world, 'other')));
    expect(again).toMatchObject({ outcome: 'kept', object: { metadata: { uid } } });
    expect((await world.ledger()).find(({ name }) => name === 'other')?.firstRunId).toBe(world.run.firstRunId);
  });

  it('is all that a rollback takes away; what an earlier run made stays', async () => {
    const world = await hostWorld(server);
    await inScope(world, {}, (scope) => ensureObject(scope, 'host', map(world, 'earlier')));
    await inScope(world, later, (scope) => ensureObject(scope, 'host', map(world, 'earlier')));
    await inScope(world, later, (scope) => ensureObject(scope, 'host', map(world, 'ours')));
    await undo(world, { ...later, rollback: true });
    expect(await world.read('v1', 'ConfigMap', 'ours')).toBeUndefined();
    expect(await world.read('v1', 'ConfigMap', 'earlier')).toBeDefined();
    expect((await world.ledger()).map(({ name }) => name)).toEqual(['earlier']);
    await undo(world, later);
    expect(await world.read('v1', 'ConfigMap', 'earlier')).toBeUndefined();
  });

  it('stays when its labels were taken away: the ledger alone deletes nothing', async () => {
    const world = await hostWorld(server);
    await world.host.create(map(world, 'foreign'));
    await inScope(world, {}, async (scope) => {
      const entry = entryFor(
        scope,
        hostPlace,
        { ...map(world, 'foreign'), ...map(world, 'foreign').metadata },
        'created',
      );
      await recordUid(scope, entry, 'some-uid');
    });
    await undo(world, {});
    expect(await world.read('v1', 'ConfigMap', 'foreign')).toBeDefined();
  });
});
