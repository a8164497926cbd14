import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createActivities } from '../../../activities/index.ts';
import { recordIntent } from '../../../activities/core/ledger.ts';
import { entryFor } from '../../../activities/core/objects.ts';
import { inStep } from '../../../activities/core/step.ts';
import type { FederationCluster } from '../../../src/distributions/federation/cluster-api.ts';
import type { RunContext, StepCall } from '../../../src/catalogue/call.ts';
import type { DownChoices } from '../../../src/catalogue/side-inputs.ts';
import type { FreezeOptions } from '../../../src/graph/freeze.ts';
import { freezeDown } from '../../../src/graph/freeze.ts';
import { labels } from '../../../src/kubernetes/names.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { memberPlace } from '../../../src/kubernetes/place.ts';
import type { Spec } from '../../../src/spec/schema.ts';
import { type FakeFederationApi, kubeconfigFor, startFederationApi } from '../../helpers/kubernetes/federation-api.ts';
import { type HostWorld, hostWorld, waiting, weakHost } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, kubeconfigFile, type TestServer } from '../../helpers/kubernetes/member-world.ts';
import { aSpec } from '../../helpers/common/spec.ts';
import { undoOf } from '../../helpers/common/undo.ts';

let server: KubeApiserver;
let world: HostWorld;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 120_000);
afterAll(() => server?.stop());
beforeEach(async () => {
  world = await hostWorld(server);
});

const acts = () => createActivities(world.deps);
const withInput = (step: string, input: object, given: { run?: Partial<RunContext>; waitMs?: number } = {}) => {
  const { run, waitMs, parked } = world.call(step as never, given) as StepCall;
  return { step, run, waitMs, parked, input } as StepCall<never>;
};
const keep: DownChoices = { volumes: 'keep' };
const member = (name: string, at: Partial<TestServer>): Spec['clusters'][number] => ({
  ...aSpec({ clusters: [name] }).clusters[0]!,
  context: 'only',
  ...at,
});
/** Nothing listens there. */
const away = (): TestServer => kubeconfigFile(kubeconfigFor({ server: 'http://127.0.0.1:1', user: { token: 'none' } }));
const sweep = (
  input: { choices?: DownChoices; clusters?: Spec['clusters']; orphans?: string[]; ledgers?: string[] } = {},
  run: Partial<RunContext> = {},
) => {
  const { choices = keep, clusters = [], orphans, ledgers } = input;
  const spec = { ...aSpec(), clusters };
  const given = { choices, spec, facts: { ledgers }, ...(orphans ? { orphans } : {}) };
  return world.act(acts().sweep, withInput('down/sweep', given, { run }));
};
const removeRecord = () => world.act(acts().removeRecord, undoOf(world.call('host/record')));
const ours = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: world.namespace, labels: { [labels.federation]: world.run.uuid } },
});

describe('the sweep of the host', () => {
  it('names what still carries the uuid, wherever it is', async () => {
    await removeRecord();
    expect((await sweep()).note).toBe('1 clusters looked at');
    await world.host.create({ ...ours('left'), metadata: { ...ours('left').metadata, namespace: 'default' } });
    const refused = await failureOf(sweep());
    expect(refused).toMatchObject({ type: 'LEFTOVERS', message: '1 left: host: ConfigMap default/left' });
  });

  it('lets kept volumes stay, and the namespace that holds them, but not when volumes go', async () => {
    await removeRecord();
    const ref = { apiVersion: 'v1', kind: 'Namespace', name: world.namespace };
    await world.host.mergePatch(ref, { metadata: { labels: { [labels.federation]: world.run.uuid } } });
    expect((await sweep()).note).toContain(`kept: host: Namespace ${world.namespace}`);
    expect(await failureOf(sweep({ choices: { volumes: 'delete' } }))).toMatchObject({ type: 'LEFTOVERS' });
  });

  it('passes with a namespace that stays for what people put into it', async () => {
    const ref = { apiVersion: 'v1', kind: 'Namespace', name: world.namespace };
    await world.host.mergePatch(ref, { metadata: { labels: { [labels.federation]: world.run.uuid } } });
    await world.host.create({ ...ours('theirs'), metadata: { name: 'theirs', namespace: world.namespace } });
    await removeRecord();
    const undo = withInput('host/namespace', { undo: { volumes: 'delete' } });
    expect((await world.act(acts().removeNamespace, undo)).outcome).toBe('kept');
    expect((await sweep({ choices: { volumes: 'delete' } })).outcome).toBe('done');
  });

  it('looks at its own names, and says so, where the user may not list everywhere', async () => {
    await removeRecord();
    const cluster = { 'insecure-skip-tls-verify': true };
    const text = kubeconfigFor({ server: world.host.server, cluster, user: { token: 'weak-token' } });
    const run = await weakHost(world, kubeconfigFile(text));
    expect(await failureOf(sweep({}, run))).toMatchObject({ type: 'FORBIDDEN' });
    const metadata = { name: 'reader', namespace: world.namespace };
    const rbac = 'rbac.authorization.k8s.io';
    const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
    await world.host.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules });
    await world.host.create({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'reader' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: 'weak' }],
    });
    const { note } = await sweep({}, run);
    expect(note).toContain(`in host only namespace ${world.namespace}`);
    expect(note).toContain('Secret');
    await world.host.create(ours('left'));
    expect((await failureOf(sweep({}, run))).message).toContain(`ConfigMap ${world.namespace}/left`);
  });

  it('tells of what no undo of this turn-down takes away', async () => {
    await removeRecord();
    const refused = await failureOf(sweep({ orphans: ['dns: Zone federation.example (dns/zone)'] }));
    expect(refused).toMatchObject({ type: 'LEFTOVERS', message: expect.stringContaining('dns: Zone') });
  });
});

describe('the sweep of a member', () => {
  it('does not wait for one in which nothing was made', async () => {
    await removeRecord();
    const clusters = [member('never-joined', away()), member('no-context', { ...away(), context: 'gone' })];
    const { note } = await sweep({ clusters, ledgers: ['another'] });
    expect(note).toContain('never-joined was not checked: nothing was created in it');
    expect(note).toContain('no-context was not checked: nothing was created in it');
  });

  it('that gives no answer is a leftover when something was made in it, or nobody knows', async () => {
    await removeRecord();
    const clusters = [member('member-1', away())];
    for (const ledgers of [['member-1'], undefined]) {
      const refused = await failureOf(sweep({ clusters, ...(ledgers ? { ledgers } : {}) }));
      expect(refused).toMatchObject({ type: 'LEFTOVERS', message: expect.stringContaining('member-1: whether') });
    }
  });

  it('finds what it still has', async () => {
    await removeRecord();
    await world.host.create(ours('in-member'));
    const clusters = [member('member-1', server)];
    expect((await failureOf(sweep({ clusters }))).message).toContain('member-1: ConfigMap');
  });

  it('knows by the turn-down of the record whose ledgers there were', async () => {
    const ref = { apiVersion: 'v1', kind: 'ServiceAccount', name: 'one', namespace: 'default' };
    const call = world.call('host/record', { run: { member: { name: 'member-1', context: 'only' } } }) as StepCall;
    await world.act(
      () =>
        inStep(world.deps, call, (scope) =>
          recordIntent(scope, entryFor(scope, memberPlace('member-1'), ref, 'created')),
        ),
      call,
    );
    expect((await removeRecord()).facts).toEqual({ ledgers: ['member-1'] });
    expect((await removeRecord()).facts).toEqual({});
    const options: FreezeOptions = {};
    const { steps } = freezeDown(aSpec({ clusters: ['member-1'] }), keep, options);
    expect(steps.find(({ id }) => id === 'down/sweep')?.input.facts).toEqual({
      ledgers: { from: 'host/record', field: 'ledgers', optional: true },
    });
  });
});

describe('federated objects', () => {
  let api: FakeFederationApi;
  beforeEach(async () => {
    api = await startFederationApi();
    const data = { kubeconfig: Buffer.from(api.kubeconfig).toString('base64') };
    const metadata = { name: names.adminKubeconfig, namespace: world.namespace };
    await world.host.create({ apiVersion: 'v1', kind: 'Secret', metadata, data });
  });
  afterEach(() => api.stop());
  const put = (kind: string, name: string, namespace?: string, more: object = {}): void => {
    const uid = `uid-${api.objects.length}`;
    api.objects.push({ apiVersion: 'v1', kind, metadata: { name, uid, ...(namespace ? { namespace } : {}) }, ...more });
  };
  const cluster = (name: string, type: 'Ready' | 'Offline'): void => {
    const spec = { serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: `https://${name}` }] };
    const status = { conditions: [{ type, status: 'True' }] };
    api.clusters.set(name, {
      apiVersion: 'federation/v1beta1',
      kind: 'Cluster',
      metadata: { name },
      spec,
      status,
    } as FederationCluster);
  };
  const call = (federatedObjects?: 'delete' | 'orphan', waitMs = 0) =>
    withInput('down/federated-objects', { choices: { ...keep, federatedObjects } }, { waitMs });
  const settle = (decision?: 'delete' | 'orphan') => world.act(acts().removeFederatedObjects, call(decision));

  it('are those of people, also in default; not those that come with the API', async () => {
    put('Namespace', 'default');
    put('Service', 'kubernetes', 'default');
    put('ConfigMap', 'kube-root-ca.crt', 'default');
    put('ConfigMap', 'anything', 'kube-system');
    put('Secret', 'default-token-x', 'default', { type: 'kubernetes.io/service-account-token' });
    expect(await settle()).toMatchObject({ outcome: 'done', note: 'none' });
    put('Service', 'shop', 'default');
    put('Service', 'shop', 'federation-apps');
    put('Namespace', 'federation-apps');
    const refused = await failureOf(settle());
    expect(refused.type).toBe('FEDERATED_OBJECTS');
    expect(refused.message).toBe(
      'the federation holds 3 objects: Service default/shop, Service federation-apps/shop, Namespace federation-apps',
    );
  });

  it('are named only in part in a text, and all deleted', async () => {
    for (let at = 0; at < 25; at += 1) put('ConfigMap', `map-${at}`, 'default');
    expect((await failureOf(settle())).message).toContain('and 5 more');
    expect((await settle('delete')).outcome).toBe('removed');
    expect(api.objects).toEqual([]);
  });

  it('are not touched while a member is not Ready, which is named', async () => {
    put('Service', 'shop', 'default');
    cluster('member-1', 'Ready');
    cluster('member-2', 'Offline');
    const refused = await failureOf(settle('delete'));
    expect(refused.type).toBe('FEDERATED_OBJECTS_STAY');
    expect(refused.message).toContain('not Ready: member-2');
    expect(api.objects[0]?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('are waited for until they are gone', async () => {
    put('Service', 'shop', 'default');
    cluster('member-1', 'Offline');
    const { result, whys } = await waiting(acts().removeFederatedObjects, call('delete', 30_000), () =>
      cluster('member-1', 'Ready'),
    );
    expect(whys[0]).toContain('member-1');
    expect(result).toMatchObject({ outcome: 'removed', note: 'Service default/shop' });
    expect(api.objects).toEqual([]);
  });

  it('that were deleted before are still there while a member is away', async () => {
    put('Service', 'shop', 'default', {});
    api.objects[0]!.metadata.deletionTimestamp = new Date().toISOString();
    cluster('member-1', 'Offline');
    expect(await failureOf(settle('delete'))).toMatchObject({ type: 'FEDERATED_OBJECTS_STAY' });
    expect((await settle('orphan')).note).toContain('left in the members: Service default/shop');
  });
});
