import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import type { Deps } from '../../../activities/core/deps.ts';
import { failure } from '../../../activities/kit/fail.ts';
import { createActivities } from '../../../activities/index.ts';
import type { StepResult } from '../../../src/catalogue/call.ts';
import { setStatus } from '../../helpers/kubernetes/host-world.ts';
import { coreDns } from '../../helpers/kubernetes/kube-dns.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, type MemberWorld, memberWorld } from '../../helpers/kubernetes/member-world.ts';
import { undoOf } from '../../helpers/common/undo.ts';

let servers: KubeApiserver[];
let world: MemberWorld;
beforeAll(async () => {
  servers = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
  world = await memberWorld(servers[0]!, servers[1]!);
}, 180_000);
afterAll(() => Promise.all((servers ?? []).map((server) => server.stop())));

const namespace = 'kube-system';
const nameOf = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.alloc(1),
  ]);

/** NXDOMAIN for a framed query, by the SOA of a zone. */
function denied(query: Buffer, zone: string): Buffer {
  const message = Buffer.from(query.subarray(2));
  message.writeUInt16BE(0x8183, 2);
  message.writeUInt16BE(1, 8);
  const soa = Buffer.concat([nameOf(zone), Buffer.from([0, 6, 0, 1, 0, 0, 0, 5, 0, 22]), Buffer.alloc(22)]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length + soa.length);
  return Buffer.concat([length, message, soa]);
}

type Exchange = (pod: { name: string; port: number }, sent: Buffer) => Promise<Buffer>;
/** The world, whose CoreDNS pods answer like this; no kubelet runs them. */
function answering(exchange: Exchange): ReturnType<typeof createActivities> {
  const forContext: Deps['kube']['forContext'] = async (ref) => {
    const kube = await world.deps.kube.forContext(ref);
    const isMember = ref.kubeconfig === servers[1]!.kubeconfig;
    const answer: typeof kube.exchange = async (pod, sent, whole) => {
      const bytes = await exchange(pod, sent);
      expect(whole(bytes.subarray(0, 1))).toBe(false);
      expect(whole(bytes)).toBe(true);
      return bytes;
    };
    return isMember ? { ...kube, exchange: answer } : kube;
  };
  return createActivities({ ...world.deps, kube: { ...world.deps.kube, forContext } });
}

const told: { by: string; asked: string[] }[] = [];
/** Each pod answers with the zone that `zoneOf` has for it. */
const zones = (zoneOf: (pod: string) => string) =>
  answering(async ({ name, port }, sent) => {
    told.push({ by: `${name}:${port}`, asked: [sent.subarray(2).toString('latin1')] });
    return denied(sent, zoneOf(name));
  });

async function pod(name: string): Promise<void> {
  const { template } = coreDns()['spec'] as { template: { metadata: object; spec: object } };
  const metadata = { ...template.metadata, name, namespace };
  const made = await world.member.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: template.spec,
  } as KubeObject);
  await setStatus(servers[1]!, made, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
}

type Activities = ReturnType<typeof createActivities>;
const call = (step: 'cluster-dns' | 'recycle') => world.call(`clusters/{cluster}/${step}` as const, { waitMs: 5_000 });
const recycle = (by: Activities): Promise<StepResult> =>
  world.act(by.recycleClusterDns as never, call('recycle') as never);

describe('new pods of a CoreDNS that was told', () => {
  it('are asked one and all; one that answers by itself parks the step until it does not', async () => {
    const data = { Corefile: '.:53 {\n    kubernetes cluster.local\n    forward . /etc/resolv.conf\n}\n' };
    await world.member.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'coredns', namespace }, data });
    await world.member.create(coreDns());
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'coredns', namespace };
    const status = { observedGeneration: 1, replicas: 2, updatedReplicas: 2 };
    await setStatus(servers[1]!, (await world.member.read(ref))!, status);
    await pod('old');
    const early = createActivities(world.deps);
    await world.act(early.ensureClusterDns, call('cluster-dns'));
    const [old] = await world.member.list({ apiVersion: 'v1', kind: 'Pod', namespace });
    await world.member.remove({ apiVersion: 'v1', kind: 'Pod', name: 'old', namespace }, { uid: old!.metadata.uid! });
    await Promise.all([pod('new-1'), pod('new-2')]);

    const stubborn = zones((name) => (name === 'new-2' ? 'cluster.local' : 'federation.example'));
    const why = await failureOf(recycle(stubborn));
    expect(why).toMatchObject({ type: 'CLUSTER_DNS_NOT_TOLD', nonRetryable: true });
    expect(why.message).toContain("is denied by cluster.local., the cluster's own zone");
    expect(new Set(told.map(({ by }) => by))).toEqual(new Set(['new-1:53', 'new-2:53']));
    expect(told[0]!.asked[0]).toContain(world.run.federation);
    // What was not proved is asked again by the next attempt: the ledger still has the pods.
    expect((await world.ledger()).some(({ kind }) => kind === 'Pod')).toBe(true);

    const refused = answering(() => Promise.reject(failure('FORBIDDEN', 'pods/portforward is forbidden')));
    expect(await recycle(refused)).toMatchObject({
      outcome: 'done',
      note: '1 pod replaced; unproved: pods/portforward is forbidden',
    });
    expect((await world.ledger()).some(({ kind }) => kind === 'Pod')).toBe(false);
    // Nothing was replaced this time, so nothing is asked.
    const before = told.length;
    expect(await recycle(stubborn)).toMatchObject({ outcome: 'kept' });
    expect(told).toHaveLength(before);
  });

  it('prove it by the zone that denies the name', async () => {
    const ledgered = createActivities(world.deps);
    await world.act(ledgered.restoreClusterDns, undoOf(call('cluster-dns')));
    await world.act(ledgered.ensureClusterDns, call('cluster-dns'));
    for (const { metadata } of await world.member.list({ apiVersion: 'v1', kind: 'Pod', namespace }))
      await world.member.remove(
        { apiVersion: 'v1', kind: 'Pod', name: metadata.name, namespace },
        { uid: metadata.uid! },
      );
    await Promise.all([pod('newer-1'), pod('newer-2')]);
    expect(await recycle(zones(() => 'federation.example'))).toMatchObject({
      note: expect.stringMatching(/replaced; proved by a name of the federation$/),
    });
  });
});
