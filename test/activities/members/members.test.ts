import http from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { textOf } from '../../../activities/core/ledger.ts';
import { activityEnvironment } from '../../helpers/temporal/activity-environment.ts';
import { parse } from 'yaml';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { memberActivities } from '../../../activities/members/members.ts';
import { createActivities } from '../../../activities/index.ts';
import { names } from '../../../src/kubernetes/names.ts';
import { kubeconfigFor } from '../../helpers/kubernetes/federation-api.ts';
import { startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { undoOf } from '../../helpers/common/undo.ts';
import {
  failureOf,
  kubeconfigFile,
  memberWorld,
  type MemberWorld,
  versions,
} from '../../helpers/kubernetes/member-world.ts';

type Server = Awaited<ReturnType<typeof startKubeApiserver>>;
let hostServer: Server;
let memberServer: Server;
let world: MemberWorld;
let members: ReturnType<typeof memberActivities>;

beforeAll(async () => {
  [hostServer, memberServer] = await Promise.all([startKubeApiserver(), startKubeApiserver()]);
}, 120_000);
afterAll(() => Promise.all([hostServer?.stop(), memberServer?.stop()]));
beforeEach(async () => {
  world = await memberWorld(hostServer, memberServer);
  members = memberActivities(world.deps);
});

const secretOf = (kube: Kube, name: string): Promise<KubeObject | undefined> =>
  kube.read({ apiVersion: 'v1', kind: 'Secret', name, namespace: world.namespace });
const identityName = (): string => names.memberIdentity(world.run.federation, 'member-1');

/** The token controller of a member's kube-controller-manager, which no bare API server has: fills the Secret when it comes. */
async function issueToken(token = 'issued-token'): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await secretOf(world.member, identityName())) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const data = { token: Buffer.from(token).toString('base64'), 'ca.crt': Buffer.from('MEMBER CA').toString('base64') };
  await world.member.mergePatch(
    { apiVersion: 'v1', kind: 'Secret', name: identityName(), namespace: world.namespace },
    { data },
  );
}
async function withIdentity(): Promise<void> {
  await Promise.all([world.act(members.ensureMemberIdentity, world.call('clusters/{cluster}/identity')), issueToken()]);
}
const kubeconfigIn = (secret: KubeObject | undefined): Record<string, never> =>
  parse(Buffer.from((secret!['data'] as Record<string, string>)['kubeconfig']!, 'base64').toString());

describe('reachMember', () => {
  const reach = (kubeconfig: string, given: object = {}) => {
    const { context, kubeconfig: path } = kubeconfigFile(kubeconfig);
    const run = { member: { name: 'member-1', context, kubeconfig: path } };
    return failureOf(
      world.act(members.reachMember, world.call('clusters/{cluster}/reach', { waitMs: 200, run, ...given })),
    );
  };

  it('tells version and identity of the member, and writes nothing', async () => {
    const result = await world.act(members.reachMember, world.call('clusters/{cluster}/reach'));
    const system = await world.member.read({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' });
    expect(result).toEqual({
      outcome: 'done',
      facts: { version: expect.stringMatching(/^v1\./), clusterUid: system!.metadata.uid },
    });
    expect(await world.ledger()).toEqual([]);
  });

  it('waits for a refused server, and says where', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const server = `https://127.0.0.1:${(free.address() as AddressInfo).port}`;
    await new Promise((resolve) => free.close(resolve));
    const started = Date.now();
    const failed = await reach(kubeconfigFor({ server, user: { token: 'admin-token' } }));
    expect(failed).toMatchObject({
      type: 'MEMBER_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      data: { server },
    });
    expect(Date.now() - started).toBeGreaterThanOrEqual(200);
  });

  it('goes on when the server comes up while it waits', async () => {
    let answers = 0;
    const server = http.createServer((request, response) => {
      answers += 1;
      if (answers === 1) return response.writeHead(503).end('starting');
      const body =
        request.url === '/version'
          ? { gitVersion: 'v1.4.0' }
          : { kind: 'Namespace', metadata: { name: 'kube-system', uid: 'u' } };
      if (request.url === '/api/v1')
        Object.assign(body, { resources: [{ name: 'namespaces', kind: 'Namespace', namespaced: false }] });
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { context, kubeconfig } = kubeconfigFile(
      kubeconfigFor({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
    const run = { member: { name: 'member-1', context, kubeconfig } };
    const result = await world.act(
      members.reachMember,
      world.call('clusters/{cluster}/reach', { waitMs: 10_000, run }),
    );
    expect(result.facts).toEqual({ version: 'v1.4.0', clusterUid: 'u' });
    server.closeAllConnections();
    server.close();
  });

  it('parks at once on what no waiting fixes', async () => {
    const server = world.member.server;
    const insecure = { 'insecure-skip-tls-verify': true };
    const longWait = { waitMs: 60_000 };
    expect(await reach(kubeconfigFor({ server, cluster: insecure, user: { token: 'wrong' } }), longWait)).toMatchObject(
      {
        type: 'UNAUTHENTICATED',
        nonRetryable: true,
      },
    );
    expect(
      await reach(kubeconfigFor({ server, cluster: insecure, user: { token: 'weak-token' } }), longWait),
    ).toMatchObject({ type: 'FORBIDDEN' });
    expect(await reach(kubeconfigFor({ server, user: { token: 'admin-token' } }), longWait)).toMatchObject({
      type: 'TLS_MISMATCH',
    });
    const absent = { member: { name: 'member-1', context: 'no-such-context', kubeconfig: memberServer.kubeconfig } };
    const call = world.call('clusters/{cluster}/reach', { ...longWait, run: absent });
    expect(await failureOf(world.act(members.reachMember, call))).toMatchObject({
      type: 'CONTEXT_NOT_FOUND',
      message: expect.stringContaining('no-such-context'),
    });
  });

  it.each([
    ['exec', { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws', interactiveMode: 'Never' } }],
    ['auth-provider', { 'auth-provider': { name: 'gcp' } }],
    ['absent', undefined],
  ])('refuses to copy a user of kind %s', async (_kind, user) => {
    const text = kubeconfigFor({ server: world.member.server, ...(user ? { user } : {}) });
    expect(await reach(text, { cluster: { credentials: 'copy' } })).toMatchObject({
      type: 'CREDENTIALS_NOT_COPYABLE',
      nonRetryable: true,
    });
  });

  it('ends its wait when it is cancelled', async () => {
    const env = activityEnvironment({ scheduledTimestampMs: Date.now() });
    const { context, kubeconfig } = kubeconfigFile(kubeconfigFor({ server: 'http://127.0.0.1:1' }));
    const run = { member: { name: 'member-1', context, kubeconfig } };
    const running = env.run(members.reachMember, world.call('clusters/{cluster}/reach', { waitMs: 60_000, run }));
    setTimeout(() => env.cancel(), 100);
    await expect(running).rejects.toMatchObject({ name: 'CancelledFailure' });
  });
});

describe('ensureMemberIdentity', () => {
  const identity = (given: object = {}) =>
    world.act(members.ensureMemberIdentity, world.call('clusters/{cluster}/identity', given));
  const objects = () =>
    Promise.all([
      world.member.read({ apiVersion: 'v1', kind: 'Namespace', name: world.namespace }),
      world.member.read({ apiVersion: 'v1', kind: 'ServiceAccount', name: identityName(), namespace: world.namespace }),
      secretOf(world.member, identityName()),
      ...['ClusterRole', 'ClusterRoleBinding'].map((kind) =>
        world.member.read({
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind,
          name: names.memberRole(world.run.federation, 'member-1'),
        }),
      ),
    ]);

  it('makes namespace, account, token Secret and rights, each in the ledger; a second run writes nothing', async () => {
    const [first] = await Promise.all([identity(), issueToken()]);
    expect(first).toEqual({ outcome: 'created', facts: {} });
    const made = await objects();
    expect(made.map((object) => object?.metadata.labels?.['fedctl/federation'])).toEqual(
      made.map(() => world.run.uuid),
    );
    const uids = (await world.ledger()).map(({ uid }) => uid);
    expect(uids.sort()).toEqual(made.map((object) => object!.metadata.uid).sort());
    expect((await identity()).outcome).toBe('kept');
    expect(versions(await objects())).toEqual(versions(made));
  });

  it('leaves a namespace that was there to its owner, through unjoin', async () => {
    await world.member.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: world.namespace } });
    const [result] = await Promise.all([identity(), issueToken()]);
    expect(result.note).toContain('existed before');
    expect((await world.ledger()).filter(({ kind }) => kind === 'Namespace')).toEqual([]);
    await world.act(createActivities(world.deps).removeObjects, undoOf(world.call('clusters/{cluster}/identity')));
    const [namespace, ...rest] = await objects();
    expect(namespace!.metadata).not.toHaveProperty('labels.fedctl/federation');
    expect(rest).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('does not take the host namespace for its own where the host is its own member', async () => {
    const labels = { 'fedctl/federation': world.run.uuid };
    await world.host.mergePatch(
      { apiVersion: 'v1', kind: 'Namespace', name: world.namespace },
      { metadata: { labels } },
    );
    const run = { member: { name: 'member-1', context: hostServer.context, kubeconfig: hostServer.kubeconfig } };
    world = { ...world, member: world.host };
    const [result] = await Promise.all([identity({ run }), issueToken()]);
    expect(result.note).toContain('existed before');
    expect((await world.ledger()).filter(({ kind }) => kind === 'Namespace')).toEqual([]);
  });

  it('finds its namespace again after a crash between intent and UID', async () => {
    await withIdentity();
    const key = `member.Namespace.${world.namespace}`;
    const ledger = { apiVersion: 'v1', kind: 'ConfigMap', name: 'fedctl-ledger-member-1', namespace: world.namespace };
    const entry = (await world.ledger()).find(({ kind }) => kind === 'Namespace')!;
    await world.host.mergePatch(ledger, { data: { [key]: textOf({ ...entry, uid: '' }) } });
    expect((await identity()).outcome).toBe('kept');
    expect((await world.ledger()).find(({ kind }) => kind === 'Namespace')!.uid).toBe(entry.uid);
  });

  it('makes nothing for a copied user', async () => {
    expect(await identity({ cluster: { credentials: 'copy' } })).toMatchObject({
      outcome: 'kept',
      note: expect.any(String),
    });
    expect(await world.ledger()).toEqual([]);
  });

  it('refuses an account of that name that is not ours', async () => {
    await world.member.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: world.namespace } });
    await world.member.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: identityName(), namespace: world.namespace },
    });
    expect(await failureOf(identity())).toMatchObject({ type: 'FOREIGN', nonRetryable: true });
  });

  it('stops when another run owns the federation', async () => {
    expect(await failureOf(identity({ run: { firstRunId: 'another' } }))).toMatchObject({ type: 'OWNER_CHANGED' });
  });

  it('says that the token is missing, and tries again', async () => {
    const call = world.call('clusters/{cluster}/identity');
    const late = activityEnvironment({ scheduledTimestampMs: Date.now() - 60_000 });
    expect(await failureOf(late.run(members.ensureMemberIdentity, call))).toMatchObject({
      type: 'MEMBER_TOKEN_MISSING',
      nonRetryable: false,
      message: expect.stringContaining('has no token yet'),
    });
  });
});

describe('ensureMemberCredentials', () => {
  const credentials = (given: object = {}) =>
    world.act(members.ensureMemberCredentials, world.call('clusters/{cluster}/credentials', given));

  it('stores a kubeconfig that stands alone; a second run writes nothing; no secret comes out', async () => {
    await withIdentity();
    const first = await credentials();
    const secret = await secretOf(world.host, 'member-1');
    expect(first).toEqual({
      outcome: 'created',
      facts: { secretName: 'member-1', secretVersion: secret!.metadata.resourceVersion },
    });
    expect(kubeconfigIn(secret)).toMatchObject({
      clusters: [{ cluster: { server: world.member.server, 'certificate-authority-data': expect.any(String) } }],
      users: [{ user: { token: 'issued-token' } }],
    });
    expect(await credentials()).toEqual({ outcome: 'kept', facts: first.facts });
    expect(JSON.stringify(first)).not.toContain('issued-token');
    expect(JSON.stringify(await world.ledger())).not.toContain('issued-token');
  });

  it('rewrites it when the token changed, not when somebody formatted it', async () => {
    await withIdentity();
    const first = await credentials();
    const secret = await secretOf(world.host, 'member-1');
    const data = { kubeconfig: Buffer.from(JSON.stringify(kubeconfigIn(secret), null, 8)).toString('base64') };
    await world.host.mergePatch(
      { apiVersion: 'v1', kind: 'Secret', name: 'member-1', namespace: world.namespace },
      { data },
    );
    const formatted = (await secretOf(world.host, 'member-1'))!;
    await credentials();
    expect((await secretOf(world.host, 'member-1'))!['data']).toEqual(formatted['data']);
    await issueToken('renewed-token');
    const renewed = await credentials({ run: { takeOwnership: true } });
    expect(renewed.outcome).toBe('updated');
    expect(renewed.facts.secretVersion).not.toBe(first.facts.secretVersion);
    expect(kubeconfigIn(await secretOf(world.host, 'member-1'))).toMatchObject({
      users: [{ user: { token: 'renewed-token' } }],
    });
  });

  it('names the address for every client, and the Secret as asked', async () => {
    await withIdentity();
    const serverAddresses = [
      { clientCIDR: '10.0.0.0/8', serverAddress: 'https://inside' },
      { clientCIDR: '0.0.0.0/0', serverAddress: 'https://outside' },
    ];
    const { facts } = await credentials({ cluster: { serverAddresses, secretRef: { name: 'other-name' } } });
    expect(facts.secretName).toBe('other-name');
    expect(kubeconfigIn(await secretOf(world.host, 'other-name'))).toMatchObject({
      clusters: [{ cluster: { server: 'https://outside' } }],
    });
  });

  it('copies a static user', async () => {
    await credentials({ cluster: { credentials: 'copy' } });
    expect(kubeconfigIn(await secretOf(world.host, 'member-1'))).toMatchObject({
      users: [{ user: { token: expect.any(String) } }],
    });
    const admin = await world.deps.kube.contextFacts(world.run.member!);
    expect(JSON.stringify(kubeconfigIn(await secretOf(world.host, 'member-1')))).toContain(
      admin.user!.token ?? 'client-certificate-data',
    );
  });

  it('refuses a Secret of that name that is not ours, and does not read its key out', async () => {
    await withIdentity();
    const metadata = { name: 'member-1', namespace: world.namespace };
    await world.host.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { kubeconfig: 'theirs' },
    } as KubeObject);
    const failed = await failureOf(credentials());
    expect(failed).toMatchObject({ type: 'FOREIGN' });
    expect(failed.message).not.toContain('theirs');
  });

  it('waits for the token where identity has not been made', async () => {
    expect(await failureOf(credentials())).toMatchObject({ type: 'MEMBER_TOKEN_MISSING', nonRetryable: false });
  });
});
