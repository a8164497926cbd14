import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createActivities } from '../../../activities/index.ts';
import { preflightActivities } from '../../../activities/preflight/preflight.ts';
import type { RunContext } from '../../../src/catalogue/call.ts';
import { federation } from '../../../src/distributions/federation/index.ts';
import { labels } from '../../../src/kubernetes/names.ts';
import { small } from '../../helpers/distributions/small/record.ts';
import { kubeconfigFor } from '../../helpers/kubernetes/federation-api.ts';
import { type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, kubeconfigFile, type TestServer } from '../../helpers/kubernetes/member-world.ts';
import { aSpec } from '../../helpers/common/spec.ts';

let server: KubeApiserver;
let other: KubeApiserver;
let world: HostWorld;
beforeAll(async () => {
  [server, other] = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 120_000);
afterAll(() => Promise.all([server?.stop(), other?.stop()]));
beforeEach(async () => {
  world = await hostWorld(server);
});

const acts = () => createActivities(world.deps);
const rbac = 'rbac.authorization.k8s.io';
const at = (found: TestServer): Partial<RunContext> => ({ host: { ...found, namespace: world.namespace } });
const away = (): TestServer => kubeconfigFile(kubeconfigFor({ server: 'http://127.0.0.1:1', user: { token: 'none' } }));

describe('checkHost', () => {
  const check = (run: Partial<RunContext> = {}) => world.act(acts().checkHost, world.call('preflight/host', { run }));

  it('tells version and identity', async () => {
    const { facts, note } = await check();
    expect(facts.version).toMatch(/^v1\.\d+/);
    expect(note).toBe(`Kubernetes ${facts.version}`);
    const system = await world.host.read({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' });
    expect(facts.clusterUid).toBe(system?.metadata.uid);
  });

  it('says which context there is not, and which server gives no answer', async () => {
    expect(
      await failureOf(check({ host: { context: 'gone', kubeconfig: server.kubeconfig, namespace: 'x' } })),
    ).toMatchObject({
      type: 'CONTEXT_NOT_FOUND',
      message: expect.stringContaining('no context gone'),
    });
    expect(await failureOf(check(at(away())))).toMatchObject({ type: 'UNREACHABLE', nonRetryable: false });
  });

  it('refuses a host that is too old, with its version', async () => {
    const answers: Record<string, object> = {
      '/version': { gitVersion: 'v1.23.17', minor: '23+' },
      '/api/v1': { resources: [{ name: 'namespaces', kind: 'Namespace', namespaced: false }] },
      '/api/v1/namespaces/kube-system': { metadata: { name: 'kube-system', uid: 'u' } },
    };
    const old = http.createServer((request, response) =>
      response.end(JSON.stringify(answers[request.url ?? ''] ?? {})),
    );
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const { port } = old.address() as AddressInfo;
    try {
      const text = kubeconfigFor({ server: `http://127.0.0.1:${port}`, user: { token: 'any' } });
      const refused = await failureOf(check(at(kubeconfigFile(text))));
      expect(refused).toMatchObject({ type: 'HOST_TOO_OLD', data: { version: 'v1.23.17' } });
    } finally {
      old.closeAllConnections();
      old.close();
    }
  });
});

describe('checkPermissions', () => {
  const check = (run: Partial<RunContext> = {}, spec: object = {}) =>
    world.act(acts().checkPermissions, world.call('preflight/permissions', { run, spec }));
  const weak = (): Partial<RunContext> => {
    const cluster = { 'insecure-skip-tls-verify': true };
    return at(kubeconfigFile(kubeconfigFor({ server: world.host.server, cluster, user: { token: 'weak-token' } })));
  };
  const subjects = [{ apiGroup: rbac, kind: 'User', name: 'weak' }];
  const grant = async (rules: object[]): Promise<void> => {
    const metadata = { name: 'weak', namespace: world.namespace };
    await world.host.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules });
    const roleRef = { apiGroup: rbac, kind: 'Role', name: 'weak' };
    await world.host.create({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects });
  };
  /** Replaced by every test: cluster roles have no namespace. */
  const grantEverywhere = async (rules: object[]): Promise<void> => {
    const metadata = { name: 'weak-everywhere' };
    await world.host.apply({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules } as never, {
      force: true,
    });
    const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: 'weak-everywhere' };
    const binding = { apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata, roleRef, subjects };
    await world.host.apply(binding as never, { force: true });
  };
  const all = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  const reading = [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
    { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get'] },
  ];

  it('passes for who may do all', async () => {
    const { outcome, note } = await check();
    expect(outcome).toBe('done');
    expect(note).toMatch(/^\d+ rights$/);
  });

  it('names all that is missing at once, in the namespace and in the cluster', async () => {
    await grantEverywhere([]);
    const refused = await failureOf(check(weak()));
    expect(refused).toMatchObject({ type: 'FORBIDDEN', nonRetryable: true });
    for (const part of [
      `in namespace ${world.namespace}: get configmaps`,
      'in the cluster: get namespaces',
      'patch namespaces',
    ])
      expect(refused.message).toContain(part);
  });

  it('is enough with the namespace alone where somebody else made it; the sweep looks by name then', async () => {
    await grant(all);
    await grantEverywhere(reading);
    const { outcome, note } = await check(weak());
    expect(outcome).toBe('done');
    expect(note).toContain('not everywhere: list namespaces, list secrets');
    const ref = { apiVersion: 'v1', kind: 'Namespace', name: world.namespace };
    await world.host.mergePatch(ref, { metadata: { labels: { [labels.managedBy]: 'fedctl' } } });
    expect((await failureOf(check(weak()))).message).toContain(
      'create namespaces, patch namespaces, delete namespaces',
    );
  });

  it('asks for watch on Secrets, because the Role of the controller manager holds it', async () => {
    const others = ['configmaps', 'services', 'serviceaccounts', 'persistentvolumeclaims', 'pods', 'events'];
    await grant([
      { apiGroups: [''], resources: others, verbs: ['*'] },
      { apiGroups: ['apps', rbac, 'coordination.k8s.io'], resources: ['*'], verbs: ['*'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'create', 'patch', 'delete'] },
    ]);
    await grantEverywhere(reading);
    const refused = await failureOf(check(weak()));
    expect(refused.message).toBe(`the user of context only may not, in namespace ${world.namespace}: watch secrets`);
  });

  it('asks for what the programs of the distribution run as', async () => {
    const deployments = { apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'] };
    await grant([{ apiGroups: ['', rbac, 'coordination.k8s.io'], resources: ['*'], verbs: ['*'] }, deployments]);
    await grantEverywhere(reading);
    expect((await check(weak())).outcome).toBe('done');
    const { checkPermissions } = preflightActivities({ ...world.deps, distributions: { federation, small } });
    const run = { ...weak(), distribution: 'small' };
    const refused = await failureOf(world.act(checkPermissions, world.call('preflight/permissions', { run })));
    const verbs = ['get', 'list', 'create', 'patch', 'delete'].map((verb) => `${verb} statefulsets`).join(', ');
    expect(refused.message).toBe(`the user of context only may not, in namespace ${world.namespace}: ${verbs}`);
  });

  it('asks for nodes only where a node gives the address', async () => {
    await grant(all);
    await grantEverywhere(reading);
    const nodePort = { apiserver: { ...world.spec.apiserver, serviceType: 'NodePort' } };
    expect((await failureOf(check(weak(), nodePort))).message).toContain('in the cluster: list nodes');
    const advertised = { apiserver: { ...nodePort.apiserver, advertiseAddress: '10.1.2.3' } };
    expect((await check(weak(), advertised)).outcome).toBe('done');
  });
});

describe('checkStorage', () => {
  const check = (etcd: object) => world.act(acts().checkStorage, world.call('preflight/storage', { spec: { etcd } }));
  const isDefault = 'storageclass.kubernetes.io/is-default-class';
  const classOf = async (name: string, annotations: object = {}): Promise<void> => {
    const ref = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name };
    if (await world.host.read(ref)) return;
    const metadata = { name, annotations: annotations as Record<string, string> };
    await world.host.create({ apiVersion: ref.apiVersion, kind: ref.kind, metadata, provisioner: 'example.com/disk' });
  };

  it('wants the class that the spec names, or a default one, and lists what there is', async () => {
    await classOf('fast');
    expect((await check({ storage: '1Gi', storageClassName: 'fast' })).note).toBe('class fast (example.com/disk)');
    const refused = await failureOf(check({ storage: '1Gi', storageClassName: 'gold' }));
    expect(refused).toMatchObject({ type: 'STORAGE_CLASS_MISSING', message: expect.stringContaining('host: fast') });
    expect((await failureOf(check({ storage: '1Gi' }))).message).toContain('no default storage class');
    await classOf('usual', { [isDefault]: 'true' });
    expect((await check({ storage: '1Gi' })).note).toContain('class usual');
  });
});

describe('checkMembers', () => {
  const check = (members: [name: string, at: TestServer][]) => {
    const clusters = aSpec({ clusters: members.map(([name]) => name) }).clusters.map((cluster, index) => ({
      ...cluster,
      ...members[index]![1],
    }));
    return world.act(acts().checkMembers, world.call('preflight/members', { spec: { clusters } }));
  };

  it('lets one that is down only delay itself', async () => {
    const { outcome, note } = await check([
      ['member-1', server],
      ['member-2', away()],
    ]);
    expect(outcome).toBe('done');
    expect(note).toMatch(/^1 of 2 answer; member-2 does not answer yet: .*127\.0\.0\.1:1/);
  });

  it('finds the same cluster under two names, whatever its contexts are called', async () => {
    const refused = await failureOf(
      check([
        ['member-1', server],
        ['member-2', other],
        ['again', server],
      ]),
    );
    expect(refused).toMatchObject({ type: 'MEMBER_TWICE', data: { member: 'again' } });
    expect(refused.message).toContain('members member-1 and again');
  });
});
