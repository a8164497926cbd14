import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { clusterDnsActivities } from '../../../activities/cluster-dns/cluster-dns.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { formerAnnotation } from '../../../src/cluster-dns/edits.ts';
import { coreDns } from '../../helpers/kubernetes/kube-dns.ts';
import { startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { type CallGiven, failureOf, type MemberWorld, memberWorld } from '../../helpers/kubernetes/member-world.ts';
import { undoOf } from '../../helpers/common/undo.ts';

const corefile = (name: string): string =>
  readFileSync(new URL(`../../golden/corefiles/${name}.Corefile`, import.meta.url), 'utf8');
const configMapRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'coredns', namespace: 'kube-system' };
const deploymentRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'coredns', namespace: 'kube-system' };

let servers: Awaited<ReturnType<typeof startKubeApiserver>>[];
let world: MemberWorld;
let activities: ReturnType<typeof clusterDnsActivities>;

beforeAll(async () => {
  servers = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 120_000);
afterAll(() => Promise.all((servers ?? []).map((server) => server.stop())));
beforeEach(async () => {
  world = await memberWorld(servers[0]!, servers[1]!);
  activities = clusterDnsActivities(world.deps);
  for (const ref of [configMapRef, deploymentRef]) {
    const there = await world.member.read(ref);
    if (there) await world.member.remove(ref, { uid: there.metadata.uid ?? '' });
  }
});

/** The member as kubeadm leaves it, with this Corefile. */
async function install(text: string, version = 'v1.11.1'): Promise<void> {
  const { apiVersion, kind, ...metadata } = configMapRef;
  await world.member.create({ apiVersion, kind, metadata, data: { Corefile: text } });
  await world.member.create(coreDns({ version }));
}
const configMap = async (): Promise<KubeObject> => (await world.member.read(configMapRef))!;
const text = async (): Promise<string> => ((await configMap())['data'] as Record<string, string>)['Corefile']!;
const ensure = (given: CallGiven = {}) =>
  world.act(activities.ensureClusterDns, world.call('clusters/{cluster}/cluster-dns', given));
const restore = () => world.act(activities.restoreClusterDns, undoOf(world.call('clusters/{cluster}/cluster-dns')));

describe('CoreDNS as cluster DNS', () => {
  it.each([
    ['kubeadm-1.11', 'v1.11.1', 'rewrite stop name regex'],
    ['federated-1.3', '1.3.1', 'federation.example # fedctl'],
  ])('is told once, and gets its Corefile back to the letter: %s', async (name, version, expected) => {
    const former = corefile(name);
    await install(former, version);
    expect(await ensure()).toMatchObject({ outcome: 'updated', facts: { shape: 'coredns/corefile' } });
    expect(await text()).toContain(expected);
    const { resourceVersion } = (await configMap()).metadata;
    expect(await ensure()).toMatchObject({ outcome: 'kept' });
    expect((await configMap()).metadata.resourceVersion).toBe(resourceVersion);
    expect(await restore()).toMatchObject({ outcome: 'removed' });
    expect(await text()).toBe(former);
    expect((await configMap()).metadata.annotations ?? {}).not.toHaveProperty([formerAnnotation(world.run.federation)]);
    expect(await restore()).toMatchObject({ outcome: 'removed' });
  });

  it('loses only our part when somebody changed the Corefile since', async () => {
    await install(corefile('eks-1.10'));
    await ensure();
    const changed = (await text()).replace('cache 30', 'cache 60');
    await world.member.mergePatch(configMapRef, { data: { Corefile: changed } });
    await restore();
    expect(await text()).toBe(corefile('eks-1.10').replace('cache 30', 'cache 60'));
  });

  it('sends names of the zone to the resolvers of the spec', async () => {
    await install(corefile('kubeadm-1.11'));
    const dns = { domain: 'federation.example', zone: 'federation.example.', resolvers: ['192.0.2.53:53'] };
    await ensure({ spec: { dns } });
    expect(await text()).toContain('forward federation.example. 192.0.2.53:53');
  });

  it('is left alone when its Corefile is not understood', async () => {
    await install('.:53 {\n    forward . 192.0.2.1\n}\n');
    const why = await failureOf(ensure());
    expect(why).toMatchObject({ type: 'CLUSTER_DNS_UNKNOWN', nonRetryable: true });
    expect(why.message).toContain('no server block of it has the kubernetes plugin');
  });

  it('is a named condition when its ConfigMap is not there', async () => {
    await world.member.create(coreDns());
    expect(await failureOf(ensure())).toMatchObject({ type: 'CLUSTER_DNS_UNKNOWN' });
  });

  it('is a named condition when it is not there at all, and skipped when asked', async () => {
    expect(await failureOf(ensure())).toMatchObject({ type: 'CLUSTER_DNS_ABSENT' });
    expect((await ensure({ cluster: { clusterDns: 'skip' } })).facts.shape).toBe('skip');
  });
});
