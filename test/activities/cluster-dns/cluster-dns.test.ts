import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CancelledFailure } from '@temporalio/common';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import type { Deps } from '../../../activities/core/deps.ts';
import { createActivities } from '../../../activities/index.ts';
import type { StepCall } from '../../../src/catalogue/call.ts';
import { activityEnvironment } from '../../helpers/temporal/activity-environment.ts';
import { activityTable } from '../../helpers/common/activity-table.ts';
import { kubeconfigFor } from '../../helpers/kubernetes/federation-api.ts';
import { setStatus, waiting } from '../../helpers/kubernetes/host-world.ts';
import { kubeDnsDeployment, kubeDnsV18 } from '../../helpers/kubernetes/kube-dns.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import {
  type CallGiven,
  failureOf,
  kubeconfigFile,
  type MemberWorld,
  memberWorld,
  versions,
} from '../../helpers/kubernetes/member-world.ts';

let servers: KubeApiserver[];
let world: MemberWorld;
let activities: ReturnType<typeof createActivities>;
beforeAll(async () => {
  servers = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 180_000);
afterAll(() => Promise.all((servers ?? []).map((server) => server.stop())));
beforeEach(async () => {
  world = await memberWorld(servers[0]!, servers[1]!);
  activities = createActivities(world.deps);
  await clean();
});

const namespace = 'kube-system';
const rc = { apiVersion: 'v1', kind: 'ReplicationController', name: 'kube-dns-v18', namespace };
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'kube-dns', namespace };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', name: 'kube-dns', namespace };

/** Takes away what another test left in the member's kube-system. */
async function clean(): Promise<void> {
  const pods = await world.member.list({ apiVersion: 'v1', kind: 'Pod', namespace });
  const others = await Promise.all([rc, deployment, configMap].map((ref) => world.member.read(ref)));
  for (const object of [...pods, ...others]) if (object) await gone(object);
}
const gone = ({ apiVersion, kind, metadata: { name, uid } }: KubeObject): Promise<void> =>
  world.member.remove({ apiVersion, kind, name, namespace }, { uid: uid! });
const install = async (object: KubeObject): Promise<void> => {
  const { resourceVersion: _none, ...metadata } = object.metadata;
  await world.member.create<KubeObject>({ ...object, metadata });
};

/** A pod of kube-dns-v18 that answers queries, or not yet. */
async function pod(name: string, ready = true): Promise<KubeObject> {
  const { template } = kubeDnsV18()['spec'] as {
    template: { metadata: { labels: Record<string, string> }; spec: object };
  };
  const made = await world.member.create<KubeObject>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { ...template.metadata.labels } },
    spec: template.spec,
  } as KubeObject);
  if (ready) await serves(made);
  return made;
}
const serves = (made: KubeObject): Promise<void> =>
  setStatus(servers[1]!, made, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
const pods = async (): Promise<string[]> =>
  (await world.member.list({ apiVersion: 'v1', kind: 'Pod', namespace })).map(({ metadata }) => metadata.name).sort();

const flagsOf = (object: KubeObject | undefined): string[] => {
  const { spec } = (object?.['spec'] as { template: { spec: { containers: { name: string; args: string[] }[] } } })
    .template;
  return spec.containers.find(({ name }) => name === 'kubedns')!.args;
};
const flag = (): string => `--federations=${world.run.federation}=federation.example`;
const former = ['--domain=cluster.local.', '--dns-port=10053'];

type Step = 'cluster-dns' | 'recycle';
const call = (step: Step, given: CallGiven = {}) => world.call(`clusters/{cluster}/${step}` as const, given);
const ensure = (given: CallGiven = {}) => world.act(activities.ensureClusterDns, call('cluster-dns', given) as never);
const restore = (given: CallGiven = {}) => world.act(activities.restoreClusterDns, call('cluster-dns', given) as never);
const recycle = (given: CallGiven = {}) => world.act(activities.recycleClusterDns, call('recycle', given) as never);
const entry = async (kind: string) => (await world.ledger()).find((one) => one.kind === kind);

/** The world as it is, with the member's client bent. */
function bent(bend: (member: Kube) => Partial<Kube>): ReturnType<typeof createActivities> {
  const forContext: Deps['kube']['forContext'] = async (ref) => {
    const kube = await world.deps.kube.forContext(ref);
    return ref.kubeconfig === servers[1]!.kubeconfig ? { ...kube, ...bend(kube) } : kube;
  };
  return createActivities({ ...world.deps, kube: { ...world.deps.kube, forContext } });
}
/** A worker that dies right after its first write in the member. */
const dying = () => {
  const dies = (): never => {
    throw new Error('the worker died');
  };
  return bent((member) => ({
    jsonPatch: async (...given) => (await member.jsonPatch(...given), dies()),
    mergePatch: async (...given) => (await member.mergePatch(...given), dies()),
    create: async (object) => (await member.create(object), dies()),
    remove: async (...given) => (await member.remove(...given), dies()),
  }));
};
/** Somebody writes the controller between our look and our write. */
const rivalled = () =>
  bent((member) => ({
    jsonPatch: async (ref, ...given) => {
      await member.mergePatch(ref, { metadata: { annotations: { theirs: 'now' } } });
      return member.jsonPatch(ref, ...given);
    },
  }));
/** As user `weak` of the member, who may do nothing. */
const weak = (): CallGiven => {
  const cluster = { 'insecure-skip-tls-verify': true };
  const text = kubeconfigFor({ server: world.member.server, cluster, user: { token: 'weak-token' } });
  return { run: { member: { name: 'member-1', ...kubeconfigFile(text) } } };
};
/** Runs an activity that is cancelled before it gets to do anything. */
async function cancelled(activity: (given: never) => Promise<unknown>, given: StepCall<unknown>): Promise<void> {
  const environment = activityEnvironment({ scheduledTimestampMs: Date.now() });
  environment.cancel('CANCELLED');
  await expect(environment.run(activity as (one: StepCall<unknown>) => Promise<unknown>, given)).rejects.toBeInstanceOf(
    CancelledFailure,
  );
}

activityTable('ensureClusterDns', {
  'first run': async () => {
    await install(kubeDnsV18());
    const { metadata } = await pod('kube-dns-v18-old');
    expect(await ensure()).toEqual({
      outcome: 'updated',
      facts: { shape: 'replication-controller/args', changed: true, pods: [metadata.uid] },
    });
    const told = await world.member.read(rc);
    expect(flagsOf(told)).toEqual([...former, flag()]);
    expect(await entry('ReplicationController')).toMatchObject({ uid: told!.metadata.uid, origin: 'changed' });
    expect(await entry('Pod')).toMatchObject({ uid: metadata.uid, name: 'kube-dns-v18-old' });
  },
  'second run, no writes': async () => {
    await install(kubeDnsV18());
    const { metadata } = await pod('kube-dns-v18-old');
    await ensure();
    const [told, ledger] = [await world.member.read(rc), await world.ledger()];
    // The pods of before are told as long as they live: they do not have the flag yet.
    expect(await ensure()).toMatchObject({ outcome: 'kept', facts: { changed: true, pods: [metadata.uid] } });
    expect(versions([await world.member.read(rc)])).toEqual(versions([told]));
    expect(await world.ledger()).toEqual(ledger);
  },
  'crash between act and record': async () => {
    const shapes: [KubeObject, typeof rc, () => Promise<unknown>][] = [
      [kubeDnsV18(), rc, async () => flagsOf(await world.member.read(rc))],
      [kubeDnsDeployment({}), deployment, async () => flagsOf(await world.member.read(deployment))],
      [
        kubeDnsDeployment({ mounts: true }),
        configMap,
        async () => (await world.member.read(configMap))?.['data'] ?? 'none',
      ],
    ];
    for (const [object, edited, setting] of shapes) {
      await clean();
      await install(object);
      const before = await setting();
      expect(await failureOf(world.act(dying().ensureClusterDns, call('cluster-dns') as never))).toMatchObject({
        type: 'BUG',
      });
      const told = await world.member.read(edited);
      expect(JSON.stringify(await setting())).toContain(`${world.run.federation}=federation.example`);
      // What stood before is known by its UID; what is made has none yet.
      expect((await entry(edited.kind))!.uid).toBe(before === 'none' ? '' : told!.metadata.uid);
      expect(await ensure()).toMatchObject({ outcome: 'kept' });
      expect(versions([await world.member.read(edited)])).toEqual(versions([told]));
      // That is enough to find the way back.
      expect(await restore()).toMatchObject({ outcome: 'removed' });
      expect(await setting()).toEqual(before);
      expect(await entry(edited.kind)).toBeUndefined();
    }
  },
  'permission denied': async () => {
    await install(kubeDnsV18());
    expect(await failureOf(ensure(weak()))).toMatchObject({
      type: 'FORBIDDEN',
      nonRetryable: true,
      // Pods and the ConfigMap are asked for side by side: either may be refused first.
      message: expect.stringMatching(/"weak" cannot (list|get) resource/),
    });
    expect(flagsOf(await world.member.read(rc))).toEqual(former);
    expect(await world.ledger()).toEqual([]);
  },
  conflict: async () => {
    await install(kubeDnsV18());
    const failed = failureOf(world.act(rivalled().ensureClusterDns, call('cluster-dns') as never));
    expect(await failed).toMatchObject({ type: 'CONFLICT', nonRetryable: false });
    expect(flagsOf(await world.member.read(rc))).toEqual(former);
    expect(await ensure()).toMatchObject({ outcome: 'updated' });
    expect((await world.member.read(rc))!.metadata.annotations).toMatchObject({ theirs: 'now' });
  },
  'not found': async () => {
    expect(await failureOf(ensure())).toMatchObject({ type: 'CLUSTER_DNS_ABSENT', nonRetryable: true });
  },
  timeout: 'it waits for nothing; a silent server is in activities/faults.test.ts',
  cancelled: async () => {
    await install(kubeDnsV18());
    await cancelled(activities.ensureClusterDns as never, call('cluster-dns'));
    expect(flagsOf(await world.member.read(rc))).toEqual(former);
  },
});

activityTable('restoreClusterDns', {
  'first run': async () => {
    await install(kubeDnsV18());
    await ensure();
    const { metadata } = await pod('kube-dns-v18-new');
    // The pods that have the flag are ledgered before it goes: recycle replaces them.
    expect(await restore()).toEqual({
      outcome: 'removed',
      facts: { shape: 'replication-controller/args', changed: true, pods: [metadata.uid] },
    });
    expect(flagsOf(await world.member.read(rc))).toEqual(former);
    expect(await entry('ReplicationController')).toBeUndefined();
  },
  'second run, no writes': async () => {
    await install(kubeDnsV18());
    await ensure();
    await restore();
    const [restored, ledger] = [await world.member.read(rc), await world.ledger()];
    expect(await restore()).toMatchObject({ outcome: 'removed' });
    expect(versions([await world.member.read(rc)])).toEqual(versions([restored]));
    expect(await world.ledger()).toEqual(ledger);
  },
  'crash between act and record': async () => {
    await install(kubeDnsV18());
    await ensure();
    const { metadata } = await pod('kube-dns-v18-new');
    const failed = failureOf(world.act(dying().restoreClusterDns, call('cluster-dns') as never));
    expect(await failed).toMatchObject({ type: 'BUG' });
    expect(await entry('ReplicationController')).toBeDefined();
    expect(await restore()).toMatchObject({ outcome: 'removed', facts: { changed: true, pods: [metadata.uid] } });
    expect(flagsOf(await world.member.read(rc))).toEqual(former);
    expect(await entry('ReplicationController')).toBeUndefined();
  },
  'permission denied': async () => {
    await install(kubeDnsV18());
    await ensure();
    expect(await failureOf(restore(weak()))).toMatchObject({ type: 'FORBIDDEN', nonRetryable: true });
    expect(await entry('ReplicationController')).toBeDefined();
  },
  conflict: async () => {
    await install(kubeDnsV18());
    await ensure();
    const failed = failureOf(world.act(rivalled().restoreClusterDns, call('cluster-dns') as never));
    expect(await failed).toMatchObject({ type: 'CONFLICT', nonRetryable: false });
    expect(await entry('ReplicationController')).toBeDefined();
    await restore();
    expect(flagsOf(await world.member.read(rc))).toEqual(former);
    expect((await world.member.read(rc))!.metadata.annotations).toEqual({ theirs: 'now' });
  },
  'not found': async () => {
    await install(kubeDnsV18());
    await ensure();
    await gone((await world.member.read(rc))!);
    expect(await restore()).toMatchObject({ outcome: 'removed', note: expect.stringContaining('kube-dns') });
    expect(await entry('ReplicationController')).toBeUndefined();
  },
  timeout: 'only the removal of a ConfigMap of ours is waited for: see removeObjects',
  cancelled: async () => {
    await install(kubeDnsV18());
    await ensure();
    await cancelled(activities.restoreClusterDns as never, call('cluster-dns'));
    expect(flagsOf(await world.member.read(rc))).toContain(flag());
    expect(await entry('ReplicationController')).toBeDefined();
  },
});

/** kube-dns-v18 with two pods of before, told by now. */
async function told(): Promise<void> {
  const controller = kubeDnsV18();
  await install({ ...controller, spec: { ...(controller['spec'] as object), replicas: 2 } });
  await pod('old-1');
  await pod('old-2');
  await ensure();
}
/** Plays the controller: a successor for every pod that is missing. */
async function succeed(): Promise<void> {
  const names = await pods();
  for (let at = names.length; at < 2; at += 1) await pod(`new-${names.length}-${Date.now()}-${at}`);
}
/** Recycles with a controller that does its work. */
const recycled = () =>
  waiting(activities.recycleClusterDns as never, call('recycle', { waitMs: 60_000 }) as never, succeed);

activityTable('recycleClusterDns', {
  'first run': async () => {
    await told();
    const { result, whys } = await recycled();
    expect(result).toEqual({ outcome: 'done', note: expect.stringMatching(/^2 pods replaced; unproved: /), facts: {} });
    expect(await pods()).toEqual([expect.stringMatching(/^new-/), expect.stringMatching(/^new-/)]);
    expect(whys[0]).toBe('pod old-1 is being replaced; 1 more to go');
    expect(await entry('Pod')).toBeUndefined();
  },
  'second run, no writes': async () => {
    await told();
    await recycled();
    const [standing, ledger] = [await pods(), await world.ledger()];
    expect(await recycle()).toEqual({ outcome: 'kept', facts: {} });
    expect(await pods()).toEqual(standing);
    expect(await world.ledger()).toEqual(ledger);
  },
  'crash between act and record': async () => {
    await told();
    expect(
      await failureOf(world.act(dying().recycleClusterDns, call('recycle', { waitMs: 0 }) as never)),
    ).toMatchObject({ type: 'BUG' });
    expect(await pods()).toHaveLength(1);
    // Both are in the ledger still; only the one that is left goes.
    expect((await world.ledger()).filter(({ kind }) => kind === 'Pod')).toHaveLength(2);
    await succeed();
    const successor = (await pods()).find((name) => name.startsWith('new-'))!;
    const { result } = await recycled();
    expect(result).toMatchObject({ outcome: 'done' });
    expect(await pods()).toContain(successor);
    expect((await pods()).filter((name) => name.startsWith('old-'))).toEqual([]);
  },
  'permission denied': async () => {
    await told();
    expect(await failureOf(recycle(weak()))).toMatchObject({ type: 'FORBIDDEN', nonRetryable: true });
    expect(await pods()).toEqual(['old-1', 'old-2']);
  },
  conflict: 'a pod is deleted by its UID; another of its name stays: activities/faults.test.ts',
  'not found': async () => {
    await told();
    for (const one of await world.member.list({ apiVersion: 'v1', kind: 'Pod', namespace })) await gone(one);
    await succeed();
    const standing = await pods();
    expect(await recycle()).toMatchObject({ outcome: 'done' });
    expect(await pods()).toEqual(standing);
    expect(await entry('Pod')).toBeUndefined();
  },
  timeout: 'recycle-rollback.test.ts: the former configuration comes back',
  cancelled: async () => {
    await told();
    // The first pod is gone, and has no successor yet, when the operator changes their mind.
    const run = waiting(
      activities.recycleClusterDns as never,
      call('recycle', { waitMs: 600_000 }) as never,
      (_why, cancel) => cancel(),
    );
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
    expect((await pods()).length).toBeGreaterThanOrEqual(1);
    expect(flagsOf(await world.member.read(rc))).toContain(flag());
    expect((await world.ledger()).filter(({ kind }) => kind === 'Pod')).toHaveLength(2);
    await succeed();
    expect((await recycled()).result).toMatchObject({ outcome: 'done' });
  },
});

describe('a stub domain', () => {
  const spec = { dns: { domain: 'federation.example', zone: 'federation.example.', resolvers: ['192.0.2.53:53'] } };
  const asked = { spec: { dns: { ...spec.dns, stubDomain: true } } };
  const data = async () => (await world.member.read(configMap))?.['data'] as Record<string, string> | undefined;
  const others = { stubDomains: '{"acme.local": ["1.2.3.4"]}', upstreamNameservers: '[]' };
  const { apiVersion, kind, ...metadata } = configMap;

  it('is added beside those of others when asked, and goes with the federation', async () => {
    await install(kubeDnsDeployment({ mounts: true }));
    await world.member.create({ apiVersion, kind, metadata, data: others });
    await ensure({ spec });
    expect((await data())!['stubDomains']).toBe(others.stubDomains);
    await ensure(asked);
    expect(JSON.parse((await data())!['stubDomains']!)).toEqual({
      'acme.local': ['1.2.3.4'],
      'federation.example': ['192.0.2.53'],
    });
    expect(await ensure(asked)).toMatchObject({ outcome: 'kept' });
    // Not asked for any more: it goes, and the federation stays.
    await ensure({ spec });
    expect(await data()).toEqual({ ...others, federations: `${world.run.federation}=federation.example` });
    await ensure(asked);
    await restore();
    expect(await data()).toEqual(others);
    expect((await world.member.read(configMap))!.metadata.annotations ?? {}).toEqual({});
  });

  it('goes with the ConfigMap that was made for it', async () => {
    await install(kubeDnsDeployment({ mounts: true }));
    await ensure(asked);
    expect(await data()).toMatchObject({ stubDomains: '{"federation.example":["192.0.2.53"]}' });
    await restore();
    expect(await world.member.read(configMap)).toBeUndefined();
  });

  it('leaves what others set for the domain, says so, and touches no text that it does not understand', async () => {
    await install(kubeDnsDeployment({ mounts: true }));
    const theirs = { stubDomains: '{"federation.example":["10.9.9.9"]}' };
    const made = await world.member.create({ apiVersion, kind, metadata, data: theirs });
    expect(await ensure(asked)).toMatchObject({ note: expect.stringContaining('somebody set other servers') });
    expect(await data()).toMatchObject(theirs);
    await restore();
    expect(await data()).toEqual(theirs);
    await world.member.mergePatch(configMap, { data: { stubDomains: '[' } });
    expect(await failureOf(ensure(asked))).toMatchObject({ type: 'CLUSTER_DNS_UNKNOWN', nonRetryable: true });
    expect(await data()).toEqual({ stubDomains: '[' });
    await gone(made);
  });

  it('is said to be impossible where the flag is all that is read', async () => {
    await install(kubeDnsV18());
    expect(await ensure(asked)).toMatchObject({ outcome: 'updated', note: expect.stringContaining('no stub domain') });
  });
});

describe('a pod that serves no more', () => {
  it('goes first, and the one that serves waits for a successor', async () => {
    await told();
    const [first] = await world.member.list({ apiVersion: 'v1', kind: 'Pod', namespace });
    await setStatus(servers[1]!, first!, { conditions: [{ type: 'Ready', status: 'False' }] });
    const seen: string[][] = [];
    const looking = waiting(
      activities.recycleClusterDns as never,
      call('recycle', { waitMs: 60_000 }) as never,
      async () => {
        seen.push(await pods());
        await succeed();
      },
    );
    expect((await looking).result).toMatchObject({ outcome: 'done' });
    expect(seen[0]).toEqual(['old-2']);
  });
});
