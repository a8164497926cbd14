import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import type { Deps } from '../../../activities/core/deps.ts';
import { failure } from '../../../activities/kit/fail.ts';
import { createActivities } from '../../../activities/index.ts';
import { previewUp } from '../../../activities/preview/preview.ts';
import type { PlannedObject } from '../../../src/catalogue/planned.ts';
import { surgeAnnotation } from '../../../src/cluster-dns/surge.ts';
import { setStatus, waiting } from '../../helpers/kubernetes/host-world.ts';
import { coreDns, kubeDnsV18 } from '../../helpers/kubernetes/kube-dns.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, type MemberWorld, memberWorld } from '../../helpers/kubernetes/member-world.ts';
import { aSpec } from '../../helpers/common/spec.ts';

let servers: KubeApiserver[];
let world: MemberWorld;
let activities: ReturnType<typeof createActivities>;
beforeAll(async () => {
  servers = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 180_000);
afterAll(() => Promise.all((servers ?? []).map((server) => server.stop())));

const namespace = 'kube-system';
const rc = { apiVersion: 'v1', kind: 'ReplicationController', name: 'kube-dns-v18', namespace };
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'coredns', namespace };
const set = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'coredns-1', namespace };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', name: 'coredns', namespace };

beforeEach(async () => {
  world = await memberWorld(servers[0]!, servers[1]!);
  activities = createActivities(world.deps);
  const others = await Promise.all([rc, deployment, set, configMap].map((ref) => world.member.read(ref)));
  for (const object of [...(await pods()), ...others]) if (object) await gone(object);
});

const pods = (): Promise<KubeObject[]> => world.member.list({ apiVersion: 'v1', kind: 'Pod', namespace });
const gone = ({ apiVersion, kind, metadata: { name, uid } }: KubeObject): Promise<void> =>
  world.member.remove({ apiVersion, kind, name, namespace }, { uid: uid! });
const isReady = ({ status }: KubeObject): boolean =>
  ((status as { conditions?: { type: string; status: string }[] }).conditions ?? []).some(
    (one) => one.type === 'Ready' && one.status === 'True',
  );
const serving = async (): Promise<string[]> => (await pods()).filter(isReady).map(({ metadata }) => metadata.name);

let made = 0;
async function pod(of: KubeObject, conditions = [{ type: 'Ready', status: 'True' }], name?: string): Promise<void> {
  const { template } = of['spec'] as { template: { metadata: { labels: Record<string, string> }; spec: object } };
  const metadata = { name: name ?? `new-${(made += 1)}`, namespace, labels: { ...template.metadata.labels } };
  const object = await world.member.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: template.spec,
  } as KubeObject);
  await setStatus(servers[1]!, object, { phase: 'Running', conditions });
}

const replicasOf = (object: KubeObject | undefined): number => (object!['spec'] as { replicas: number }).replicas;
const controller = async (): Promise<KubeObject> =>
  (await world.member.read(rc)) ?? (await world.member.read(deployment))!;
const mark = async (): Promise<string | undefined> =>
  (await controller()).metadata.annotations?.[surgeAnnotation(world.run.federation)];
/** No kubelet runs these pods, so none of them can be asked. */
const replaced = (count: number): unknown =>
  expect.stringMatching(`^${count} pods? replaced(; unproved: port 53 of pod kube-system/new-.*)?$`);
/** As if nothing had been scaled. */
const asBefore = async (): Promise<void> => {
  expect(replicasOf(await controller())).toBe(1);
  expect(await mark()).toBeUndefined();
  expect((await world.ledger()).filter(({ step }) => step.endsWith('/recycle'))).toEqual([]);
};

/** Plays the controller: as many pods as it is told to have; a pod too many goes, the one that serves least first. */
async function reconcile(conditions?: { type: string; status: string }[]): Promise<void> {
  const object = await controller();
  const there = (await pods()).sort((one, other) => Number(isReady(one)) - Number(isReady(other)));
  for (let count = there.length; count < replicasOf(object); count += 1) await pod(object, conditions);
  for (const extra of there.slice(0, Math.max(0, there.length - replicasOf(object)))) await gone(extra);
}

type Step = 'cluster-dns' | 'recycle';
type Given = Parameters<MemberWorld['call']>[1];
const call = (step: Step, given: Given = {}) => world.call(`clusters/{cluster}/${step}` as const, given) as never;
const ensure = (given: Given = {}) => world.act(activities.ensureClusterDns, call('cluster-dns', given));
const recycle = (
  onWhy: (why: string) => Promise<void> | void = () => reconcile(),
  { by = activities, waitMs = 60_000 }: { by?: typeof activities; waitMs?: number } = {},
) => waiting(by.recycleClusterDns as never, call('recycle', { waitMs }), onWhy);

/** The guide's kube-dns with its one pod, told by now. */
async function told(): Promise<void> {
  const { resourceVersion: _none, ...metadata } = kubeDnsV18().metadata;
  await world.member.create({ ...kubeDnsV18(), metadata });
  await pod(kubeDnsV18(), undefined, 'old');
  await ensure();
}

/** The world as it is, with the member's client bent. */
function bent(bend: (member: Kube) => Partial<Kube>): typeof activities {
  const forContext: Deps['kube']['forContext'] = async (ref) => {
    const kube = await world.deps.kube.forContext(ref);
    return ref.kubeconfig === servers[1]!.kubeconfig ? { ...kube, ...bend(kube) } : kube;
  };
  return createActivities({ ...world.deps, kube: { ...world.deps.kube, forContext } });
}

describe('a cluster DNS of one pod', () => {
  it('gets a second one before the first goes, and the number it had afterwards', async () => {
    await told();
    const seen: { why: string; serving: string[] }[] = [];
    const { result, whys } = await recycle(async (why) => {
      seen.push({ why, serving: await serving() });
      await reconcile();
    });
    expect(result).toMatchObject({ outcome: 'done', note: replaced(1) });
    expect(whys[0]).toBe('ReplicationController kube-dns-v18 starts a second pod before its only one is deleted');
    expect(whys).toContainEqual(expect.stringContaining('has just become Ready'));
    // At no look was there none that serves.
    expect(seen.filter((one) => one.serving.length === 0)).toEqual([]);
    expect(await serving()).not.toContain('old');
    await asBefore();
  });

  it('is put back by whoever comes next when the worker dies in between', async () => {
    await told();
    const dying = bent((member) => ({
      jsonPatch: async (...given) => {
        await member.jsonPatch(...given);
        throw new Error('the worker died');
      },
    }));
    await expect(recycle(undefined, { by: dying })).rejects.toMatchObject({ type: 'BUG' });
    expect(replicasOf(await controller())).toBe(2);
    expect(JSON.parse((await mark()) ?? '')).toMatchObject({ former: 1, raised: 2 });
    // The step goes on with what there is; so does unjoin, which finds two pods to replace.
    await reconcile();
    await world.act(activities.restoreClusterDns, call('cluster-dns'));
    const undone = waiting(
      activities.recycleClusterDns as never,
      { ...(call('recycle', { waitMs: 60_000 }) as { input: object }), input: undoInput() } as never,
      () => reconcile(),
    );
    expect((await undone).result).toMatchObject({ outcome: 'done', note: replaced(2) });
    expect(await serving()).not.toContain('old');
    await asBefore();
  });

  it('keeps its pod when the one more does not become Ready, and gets number and configuration back', async () => {
    await told();
    const failing = [{ type: 'Ready', status: 'False' }];
    const wait = recycle(() => reconcile(failing), { waitMs: 2_500 });
    await expect(wait).rejects.toMatchObject({ type: 'CLUSTER_DNS_NOT_READY' });
    expect(await serving()).toEqual(['old']);
    await asBefore();
    expect(JSON.stringify((await controller())['spec'])).not.toContain('--federations');
  });

  it.each([
    ['no right to scale', 'may not be patched'],
    [
      'an autoscaler that sets the number back',
      'something else set the replicas of ReplicationController kube-dns-v18 to 1',
    ],
    ['no room for a pod more', 'a second pod cannot be scheduled: 0/1 nodes are available'],
    ['an autoscaler that holds the number', 'horizontal-pod-autoscaler holds the replicas'],
  ])('goes without, and says so: %s', async (what, why) => {
    await told();
    const forbidden = bent((member) => ({
      jsonPatch: async (ref, patch, options) => {
        if (JSON.stringify(patch).includes('/spec/replicas')) throw failure('FORBIDDEN', 'it may not be patched');
        return member.jsonPatch(ref, patch, options);
      },
    }));
    const noRoom = [
      { type: 'Ready', status: 'False' },
      { type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' },
    ];
    const setsBack = async (): Promise<void> => {
      if (replicasOf(await controller()) === 2) await world.member.mergePatch(rc, { spec: { replicas: 1 } });
      await reconcile();
    };
    const autoscaled = bent((member) => ({
      list: async (ref) =>
        (await member.list(ref)).map((object) => ({
          ...object,
          metadata: {
            ...object.metadata,
            managedFields: [
              {
                manager: 'horizontal-pod-autoscaler',
                subresource: 'scale',
                fieldsV1: { 'f:spec': { 'f:replicas': {} } },
              },
            ],
          },
        })) as never,
    }));
    const given = {
      'no right to scale': { by: forbidden, onWhy: () => reconcile() },
      'an autoscaler that sets the number back': { by: activities, onWhy: setsBack },
      'no room for a pod more': {
        by: activities,
        onWhy: async () => reconcile((await serving()).includes('old') ? noRoom : undefined),
      },
      'an autoscaler that holds the number': { by: autoscaled, onWhy: () => reconcile() },
    }[what]!;
    const { result } = await recycle(given.onWhy, { by: given.by, waitMs: 8_000 });
    expect(result).toMatchObject({
      outcome: 'done',
      note: expect.stringContaining('1 pod replaced; DNS was interrupted for a moment: '),
    });
    expect((result as { note: string }).note).toContain(why);
    expect(await serving()).not.toContain('old');
    await asBefore();
  });
});

const undoInput = (): object => ({ ...(call('recycle') as { input: object }).input, undo: true });

describe('a Deployment of one CoreDNS', () => {
  const installed = async (): Promise<void> => {
    const one = coreDns();
    const corefile = '.:53 {\n    kubernetes cluster.local\n    forward . /etc/resolv.conf\n}\n';
    await world.member.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'coredns', namespace },
      data: { Corefile: corefile },
    });
    await world.member.create({ ...one, spec: { ...(one['spec'] as object), replicas: 1 } });
    await rolledOut();
    await pod(one, undefined, 'old');
  };
  /** As the deployment controller says that it is done, and copies annotations to its ReplicaSet. */
  async function rolledOut(): Promise<void> {
    const one = await controller();
    const { replicas } = one['spec'] as { replicas: number };
    await setStatus(servers[1]!, one, {
      observedGeneration: one.metadata.generation,
      updatedReplicas: replicas,
      replicas,
    });
    const { selector, template } = one['spec'] as {
      selector: object;
      template: { metadata: { labels: Record<string, string> } };
    };
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'coredns',
      uid: one.metadata.uid!,
      controller: true,
    };
    const metadata = { name: 'coredns-1', namespace, labels: template.metadata.labels, ownerReferences: [owner] };
    if (!(await world.member.read(set)))
      await world.member.create({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata,
        spec: { replicas, selector, template },
      } as KubeObject);
    const { annotations } = one.metadata;
    if (annotations) await world.member.mergePatch(set, { metadata: { annotations } });
  }
  const controlled = async (): Promise<void> => {
    await rolledOut();
    await reconcile();
  };

  it('is in the plan, and a run that keeps to the plan may scale it for a while', async () => {
    await installed();
    const { federation, host, member } = world.run;
    const { dns } = aSpec({ clusters: ['member-1'], dns: true });
    const { name: _name, ...where } = member!;
    const base = aSpec({ clusters: ['member-1'], dns: true });
    const spec = { ...base, dns, clusters: [{ ...base.clusters[0]!, ...where }] };
    const { objects } = await previewUp(world.deps, { federation, host, spec, digest: 'sha256:0' }, createActivities);
    const steps = ['clusters/member-1/cluster-dns', 'clusters/member-1/recycle'];
    expect(objects.find(({ kind, name }) => kind === 'Deployment' && name === 'coredns')).toMatchObject({
      ...{ action: 'keep', steps, fields: [], note: 'one pod more while its only one is replaced' },
    });
    const planned: PlannedObject[] = objects;
    const of = (step: string): { planned: PlannedObject[] } => ({
      planned: planned.filter((one) => one.steps.includes(`clusters/member-1/${step}`)),
    });
    await world.act(activities.ensureClusterDns, { ...(call('cluster-dns') as object), ...of('cluster-dns') } as never);
    const given = { ...(call('recycle', { waitMs: 60_000 }) as object), ...of('recycle') };
    const { result } = await waiting(activities.recycleClusterDns as never, given as never, controlled);
    expect(result).toMatchObject({ outcome: 'done', note: replaced(1) });
    expect(await serving()).not.toContain('old');
    await asBefore();
    // The copy of our note on the ReplicaSet goes as well.
    expect((await world.member.read(set))!.metadata.annotations ?? {}).not.toHaveProperty([
      surgeAnnotation(federation),
    ]);
  });

  it('goes without when a plan does not have it', async () => {
    await installed();
    await ensure();
    const old = (await pods()).map(({ metadata: { name, uid } }): PlannedObject => ({
      ...{ steps: ['clusters/member-1/recycle'], cluster: 'member-1', apiVersion: 'v1', kind: 'Pod', namespace, name },
      ...{ action: 'delete', uid: uid!, resourceVersion: null, standing: null, wanted: null },
    }));
    const given = { ...(call('recycle', { waitMs: 60_000 }) as object), planned: old };
    const { result } = await waiting(activities.recycleClusterDns as never, given as never, controlled);
    expect(result).toMatchObject({ note: expect.stringContaining('is not in the plan') });
    await asBefore();
  });

  it('says what it could not do: nothing is silent', async () => {
    await installed();
    await ensure();
    const failed = await failureOf(recycle(undefined, { waitMs: 0 }) as never);
    expect(failed).toMatchObject({ type: 'CLUSTER_DNS_NOT_READY' });
    await asBefore();
  });
});
