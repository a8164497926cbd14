import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clusterDnsActivities } from '../../../activities/cluster-dns/cluster-dns.ts';
import { recycleActivities } from '../../../activities/cluster-dns/recycle.ts';
import { kubeDnsV18 } from '../../helpers/kubernetes/kube-dns.ts';
import { startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, memberWorld } from '../../helpers/kubernetes/member-world.ts';
import { undoOf } from '../../helpers/common/undo.ts';

let servers: Awaited<ReturnType<typeof startKubeApiserver>>[];
beforeAll(async () => {
  servers = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 120_000);
afterAll(() => Promise.all((servers ?? []).map((server) => server.stop())));

const rc = { apiVersion: 'v1', kind: 'ReplicationController', name: 'kube-dns-v18', namespace: 'kube-system' };

describe('recycling whose new pods do not become Ready', () => {
  it('gives the former configuration back, and tells it again only when a person retries', async () => {
    // No controller manager runs here: a pod that goes has no successor.
    const world = await memberWorld(servers[0]!, servers[1]!);
    const telling = clusterDnsActivities(world.deps);
    const { recycleClusterDns } = recycleActivities(world.deps);
    const call = <Id extends 'cluster-dns' | 'recycle'>(step: Id, parked = false) =>
      world.call(`clusters/{cluster}/${step}`, { parked, waitMs: 0 });
    const controller = kubeDnsV18();
    delete controller.metadata.resourceVersion;
    const { template } = controller['spec'] as { template: { metadata: { labels: object }; spec: object } };
    await world.member.create(controller);
    const pod = (name: string) =>
      world.member.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'kube-system', labels: { ...template.metadata.labels } },
        spec: template.spec,
      });
    const args = async () => {
      const object = await world.member.read(rc);
      const spec = object!['spec'] as { template: { spec: { containers: { args: string[] }[] } } };
      return spec.template.spec.containers[1]!.args;
    };
    const former = await args();

    await pod('old-1');
    await world.act(telling.ensureClusterDns, call('cluster-dns'));
    expect(await args()).toContain(`--federations=${world.run.federation}=federation.example`);
    // A successor that somebody's controller made with the new template, and that never gets Ready.
    await pod('new-1');
    const why = await failureOf(world.act(recycleClusterDns, call('recycle')));
    expect(why).toMatchObject({ type: 'CLUSTER_DNS_NOT_READY', nonRetryable: true });
    expect(why.message).toContain('the former configuration is restored');
    expect(await args()).toEqual(former);
    expect(await world.member.read({ apiVersion: 'v1', kind: 'Pod', name: 'new-1', namespace: 'kube-system' })).toBe(
      undefined,
    );

    const slow = await failureOf(world.act(recycleClusterDns, call('recycle', true)));
    expect(slow).toMatchObject({ type: 'CLUSTER_DNS_NOT_READY', nonRetryable: false });
    expect(await args()).toEqual(former);

    await failureOf(world.act(recycleClusterDns, call('recycle')));
    // Told anew, failed anew, and taken back anew; the ledger still knows what to undo.
    expect(await args()).toEqual(former);
    expect((await world.ledger()).some(({ kind }) => kind === 'ReplicationController')).toBe(true);
    expect(await world.act(telling.restoreClusterDns, undoOf(call('cluster-dns')))).toMatchObject({
      outcome: 'removed',
    });
    expect(await args()).toEqual(former);
  });
});
