import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LedgerEntry, textOf } from '../../../activities/core/ledger.ts';
import { createActivities } from '../../../activities/index.ts';
import type { StepCall } from '../../../src/catalogue/call.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { counted } from '../../helpers/kubernetes/counted-kube.ts';
import { type FakeFederationApi, startFederationApi } from '../../helpers/kubernetes/federation-api.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { type MemberWorld, memberWorld } from '../../helpers/kubernetes/member-world.ts';
import { undoOf } from '../../helpers/common/undo.ts';

let hostServer: KubeApiserver;
let memberServer: KubeApiserver;
beforeAll(async () => {
  [hostServer, memberServer] = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 120_000);
afterAll(() => Promise.all([hostServer?.stop(), memberServer?.stop()]));

/** A member that joins, up to its Cluster in a federation API that answers. */
interface Joining {
  world: MemberWorld;
  api: FakeFederationApi;
  name: string;
}

async function joining(name: string): Promise<Joining> {
  const [world, api] = await Promise.all([memberWorld(hostServer, memberServer, name), startFederationApi()]);
  // It was there before and stays: no controller of these API servers ends a namespace.
  await world.member.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: world.namespace } });
  const metadata = (of: string) => ({ name: of, namespace: world.namespace });
  const data = { kubeconfig: Buffer.from(api.kubeconfig).toString('base64') };
  await world.host.create({ apiVersion: 'v1', kind: 'Secret', metadata: metadata(names.adminKubeconfig), data });
  const selector = { matchLabels: { app: 'federated-cluster' } };
  const template = { metadata: { labels: selector.matchLabels }, spec: { containers: [{ name: 'a', image: 'a:1' }] } };
  const spec = { selector, template };
  await world.host.create<KubeObject>({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata(names.apiserver), spec },
  });
  return { world, api, name };
}

/** What the member itself has of the federation, in the order of `kinds`. */
async function inMember({ world, name }: Joining): Promise<string[]> {
  const { federation } = world.run;
  const rbac = 'rbac.authorization.k8s.io/v1';
  const identity = { name: names.memberIdentity(federation, name), namespace: world.namespace };
  const refs = [
    { apiVersion: 'v1', kind: 'ServiceAccount', ...identity },
    { apiVersion: 'v1', kind: 'Secret', ...identity },
    { apiVersion: rbac, kind: 'ClusterRole', name: names.memberRole(federation, name) },
    { apiVersion: rbac, kind: 'ClusterRoleBinding', name: names.memberRole(federation, name) },
  ];
  const found = await Promise.all(refs.map((ref) => world.member.read(ref)));
  return found.flatMap((object) => (object ? [object.kind] : []));
}

/** Fills the token Secret when it comes, as the controller of a member would. */
async function issueToken({ world, name }: Joining): Promise<void> {
  const { namespace } = world;
  const ref = { apiVersion: 'v1', kind: 'Secret', name: names.memberIdentity(world.run.federation, name), namespace };
  for (let tries = 0; tries < 200 && !(await world.member.read(ref)); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  await world.member.mergePatch(ref, { data: { token: Buffer.from('a-token').toString('base64') } });
}

async function join(one: Joining, deps = one.world.deps): Promise<void> {
  const { world, name } = one;
  const activities = createActivities(deps);
  await Promise.all([
    world.act(activities.ensureMemberIdentity, world.call('clusters/{cluster}/identity')),
    issueToken(one),
  ]);
  await world.act(activities.ensureMemberCredentials, world.call('clusters/{cluster}/credentials'));
  const facts = { secretName: name, secretVersion: '1' };
  await world.act(activities.ensureClusterRegistered, world.call('clusters/{cluster}/register', { facts }));
}

async function unjoin({ world }: Joining): Promise<void> {
  const activities = createActivities(world.deps);
  await world.act(activities.removeCluster, undoOf(world.call('clusters/{cluster}/register')));
  await world.act(activities.removeObjects, undoOf(world.call('clusters/{cluster}/credentials')));
  await world.act(activities.removeObjects, undoOf(world.call('clusters/{cluster}/identity')));
}

const ledgerOf = ({ world, name }: Joining) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: names.ledgerOf(name),
  namespace: world.namespace,
});
const textsIn = async (one: Joining): Promise<Record<string, string>> =>
  ((await one.world.host.read(ledgerOf(one)))?.['data'] ?? {}) as Record<string, string>;

/** The ledger as the versions wrote it that knew a place only by one word. */
async function writeAsBefore(one: Joining): Promise<void> {
  const now = await textsIn(one);
  const before = Object.entries(now).map(([, text]) => {
    const { place: _place, ...stored } = JSON.parse(text) as LedgerEntry & { cluster: string };
    const { cluster, kind, namespace, name } = stored;
    const marked = cluster === 'host' || cluster === 'federation' ? '' : 'member';
    const key = [marked, kind, namespace, name]
      .filter(Boolean)
      .join('.')
      .replaceAll(/[^-._a-zA-Z0-9]/g, '_');
    return [key, JSON.stringify(stored)];
  });
  const gone = Object.keys(now).map((key) => [key, null]);
  await one.world.host.mergePatch(ledgerOf(one), { data: Object.fromEntries([...gone, ...before]) });
}

/** A plain name, and every word that also says a place. */
const memberNames = ['member-1', 'dns', 'host', 'federation'];

describe.each(memberNames)('a member called %s', (name) => {
  const joined = async (): Promise<Joining> => {
    const one = await joining(name);
    await join(one);
    expect(await inMember(one)).toEqual(['ServiceAccount', 'Secret', 'ClusterRole', 'ClusterRoleBinding']);
    expect([...one.api.clusters.keys()]).toEqual([name]);
    return one;
  };
  const assertGone = async (one: Joining): Promise<void> => {
    expect(await inMember(one)).toEqual([]);
    expect([...one.api.clusters.keys()]).toEqual([]);
    const secret = { apiVersion: 'v1', kind: 'Secret', name, namespace: one.world.namespace };
    expect(await one.world.host.read(secret)).toBeUndefined();
    expect(await textsIn(one)).toEqual({});
    expect(one.api.misuse).toEqual([]);
    await one.api.stop();
  };

  it('leaves nothing behind when it leaves, and its objects have the keys they always had', async () => {
    const one = await joined();
    const { namespace, run } = one.world;
    const account = names.memberIdentity(run.federation, name);
    const keys = Object.keys(await textsIn(one));
    expect(keys).toEqual(
      expect.arrayContaining([
        `Secret.${namespace}.${name}`,
        `Cluster.${name}`,
        `member.ServiceAccount.${namespace}.${account}`,
      ]),
    );
    const places = (await one.world.ledger()).map(({ kind, place }) => `${kind} ${place.kind}`);
    expect(places).toEqual(
      expect.arrayContaining(['Secret host', 'Secret member', 'Cluster federation', 'ServiceAccount member']),
    );
    await unjoin(one);
    await assertGone(one);
  });

  it('leaves nothing behind that an earlier version noted, whose entries are found and kept', async () => {
    const one = await joined();
    await writeAsBefore(one);
    const before = await textsIn(one);
    expect(Object.values(before).some((text) => text.includes('"place"'))).toBe(false);
    await join(one);
    expect(await textsIn(one)).toEqual(before);
    await unjoin(one);
    await assertGone(one);
  });

  it('becomes a debt of exactly what is in the member itself', async () => {
    const one = await joined();
    const { openDebt } = createActivities(one.world.deps);
    const call = one.world.call('clusters/{cluster}/reach') as StepCall;
    const { note, facts } = await one.world.act(openDebt, call as never);
    const own = (await one.world.ledger()).filter(({ place }) => place.kind === 'member');
    expect(note).toBe(`${own.length} objects in ${name}`);
    expect(JSON.stringify(facts)).not.toContain('Cluster ');
    await one.api.stop();
  });
});

it('costs one read of its ledger for its whole identity, and two writes', async () => {
  const one = await joining('member-1');
  const { deps, of } = counted(one.world.deps);
  const identity = createActivities(deps).ensureMemberIdentity;
  await Promise.all([one.world.act(identity, one.world.call('clusters/{cluster}/identity')), issueToken(one)]);
  expect(of('ConfigMap', names.ledgerOf('member-1'))).toEqual(['read', 'create', 'patch']);
  expect((await one.world.ledger()).length).toBeGreaterThanOrEqual(4);
  expect((await one.world.ledger()).map(textOf).join()).not.toContain('"uid":""');
  await one.api.stop();
});
