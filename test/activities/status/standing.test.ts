import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { dnsProvider } from '../../../activities/dns/provider.ts';
import { leafFor, newAuthority } from '../../../activities/core/pki.ts';
import { readStanding } from '../../../activities/status/standing.ts';
import { clusterObject } from '../../../src/distributions/federation/cluster-api.ts';
import { kubeconfigOf } from '../../../src/control-plane/kubeconfig.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import type { Standing } from '../../../src/status/standing.ts';
import type { Spec } from '../../../src/spec/schema.ts';
import { type FakeFederationApi, kubeconfigFor, startFederationApi } from '../../helpers/kubernetes/federation-api.ts';
import { setStatus } from '../../helpers/kubernetes/host-world.ts';
import { kubeDnsDeployment } from '../../helpers/kubernetes/kube-dns.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { kubeconfigFile, memberWorld, type MemberWorld } from '../../helpers/kubernetes/member-world.ts';
import { type PowerDnsServer, startPowerDns } from '../../helpers/dns/powerdns.ts';
import { aSpec } from '../../helpers/common/spec.ts';

let servers: KubeApiserver[];
let dns: PowerDnsServer;
let api: FakeFederationApi;
let world: MemberWorld;
let spec: Spec;
let zones = 0;

beforeAll(async () => {
  [servers, dns] = await Promise.all([Promise.all([startKubeApiserver(), startKubeApiserver()]), startPowerDns()]);
}, 180_000);
afterAll(async () => {
  await Promise.all([...(servers ?? []).map((server) => server.stop()), dns?.stop()]);
});
beforeEach(async () => {
  [world, api] = await Promise.all([memberWorld(servers[0]!, servers[1]!), startFederationApi()]);
  zones += 1;
  const zone = `standing-${zones}.example.`;
  const settings = {
    provider: 'powerdns',
    zone,
    domain: zone.slice(0, -1),
    endpoint: dns.url,
    credentialsFile: dns.keyFile,
  };
  const { context, kubeconfig } = servers[1]!;
  spec = aSpec({ spec: { dns: settings, clusters: [{ name: 'member-1', context, kubeconfig }] } });
  await record({ spec, members: spec.clusters });
});
afterEach(async () => {
  expect(api.writes).toEqual([]);
  await api.stop();
  const left = await world.member.read(kubeDns);
  if (left) await world.member.remove(kubeDns, { uid: left.metadata.uid! });
});

const kubeDns = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'kube-dns', namespace: 'kube-system' };

/** A server that never says a word; `tell`: called when somebody connects, and when somebody has had enough. */
async function silentServer(tell: (what: 'asked' | 'left') => void): Promise<{ address: string; stop(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(
      socket
        .on('error', () => undefined)
        .on('close', () => tell('left'))
        .resume(),
    );
    tell('asked');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
const record = async (data: Record<string, unknown>): Promise<unknown> =>
  world.host.mergePatch(
    { apiVersion: 'v1', kind: 'ConfigMap', name: names.record, namespace: world.namespace },
    { data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)])) },
  );
const read = async (partMs = 5_000): Promise<Standing> => {
  const hasty = { ...world.deps, kube: kubeClients({ HOME: '/nowhere' }, partMs) };
  const standing = await readStanding(hasty, { host: world.run.host, partMs });
  if (!standing) throw new Error('there is no record');
  return standing;
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secret = (name: string, data: Record<string, string>): Promise<KubeObject> =>
  world.host.create<KubeObject>({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: world.namespace },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
  });

/** A Deployment of the control plane, rolled out or not, with the pod that runs of it. */
async function deploy(name: string, container: string, available: number): Promise<void> {
  const labels = { app: 'federated-cluster', module: name };
  const containers = [{ name: container, image: 'registry.example/hyperkube:v1' }];
  const metadata = { name, namespace: world.namespace, labels };
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
  const deployment = await world.host.create<KubeObject>({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
  const counts = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: available };
  await setStatus(servers[0]!, deployment, { ...counts, availableReplicas: available });
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: `${name}-1` }, spec: { containers } };
  const imageID = `registry.example/hyperkube@sha256:${'ab'.repeat(32)}`;
  const containerStatuses = [
    { name: container, image: 'i', imageID, ready: true, restartCount: 0, state: {}, lastState: {} },
  ];
  await setStatus(servers[0]!, await world.host.create<KubeObject>(pod), { phase: 'Running', containerStatuses });
}

/** Every certificate of a control plane; the admin's kubeconfig is that of the federation API of this test. */
async function certificates(): Promise<string[]> {
  const authority = await newAuthority('myfederation');
  const server = await leafFor(authority, { commonName: 'a', usage: 'server', sans: [] }, {});
  const client = await leafFor(authority, { commonName: 'c', usage: 'client', sans: [] }, {});
  await secret(names.caSecret, { 'ca.crt': authority.certificate, 'ca.key': authority.key });
  await secret(names.apiserverCredentials, { 'server.crt': server.certificate, 'server.key': server.key });
  const kubeconfig = kubeconfigOf({
    context: 'c',
    server: 'https://federation-apiserver',
    caBase64: base64(authority.certificate),
    certificateBase64: base64(client.certificate),
    keyBase64: base64(client.key),
  });
  await secret(names.controllerManagerKubeconfig, { kubeconfig: JSON.stringify(kubeconfig) });
  await secret(names.adminKubeconfig, { kubeconfig: api.kubeconfig });
  return [authority.key, server.key, client.key].map((key) => key.split('\n')[1] ?? '');
}

function register(name: string, status: string): void {
  const cluster = { ...spec.clusters[0]!, name };
  const facts = { secretName: name, secretVersion: '1' };
  const object = clusterObject({ cluster, uuid: 'u', contextServer: 'https://10.0.0.1:6443', ...facts });
  const conditions = [{ type: 'Ready', status }];
  api.clusters.set(name, { ...object, status: { conditions } });
}

const tellDns = (): Promise<unknown> =>
  world.member.create<KubeObject>({
    ...kubeDnsDeployment({ args: [`--federations=${world.run.federation}=${spec.dns!.domain}`] }),
    metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
  });

describe('a federation as it stands', () => {
  it('is told whole from its clusters alone, and nothing secret with it', async () => {
    const secrets = await certificates();
    await deploy(names.apiserver, 'apiserver', 1);
    await deploy(names.controllerManager, 'controller-manager', 0);
    register('member-1', 'True');
    register('by-hand', 'False');
    await tellDns();
    await (await dnsProvider(spec.dns!, {})).create(spec.dns!.zone, world.run.uuid);
    const standing = await read();
    expect(standing).toMatchObject({
      federation: world.run.federation,
      host: { context: servers[0]!.context, namespace: world.namespace, version: expect.stringMatching(/^v\d/) },
      phase: 'turning-up',
      writtenBy: world.run.firstRunId,
      address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
      zone: { name: spec.dns!.zone, provider: 'powerdns', stands: true, made: true, why: null },
    });
    const image = 'registry.example/hyperkube:v1';
    const digest = `sha256:${'ab'.repeat(32)}`;
    expect(standing.components).toEqual([
      {
        name: names.apiserver,
        hasAddress: true,
        ready: true,
        why: null,
        images: [{ container: 'apiserver', image, digest }],
      },
      {
        name: names.controllerManager,
        ready: false,
        why: '0 of 1 pods of federation-controller-manager are available',
        images: [{ container: 'controller-manager', image, digest }],
      },
    ]);
    expect(standing.members).toEqual([
      {
        name: 'by-hand',
        context: null,
        server: 'https://10.0.0.1:6443',
        ready: false,
        why: expect.stringContaining('not as a healthy API server'),
        clusterDns: 'skip',
        clusterDnsWhy: null,
      },
      {
        name: 'member-1',
        context: servers[1]!.context,
        server: 'https://10.0.0.1:6443',
        ready: true,
        why: null,
        clusterDns: 'told',
        clusterDnsWhy: null,
      },
    ]);
    const days = standing.certificates.map(({ expires }) =>
      expires ? Math.round((Date.parse(expires) - Date.now()) / 86_400_000) : null,
    );
    expect(days).toEqual([3_650, 365, 365, null]);
    expect(standing.certificates[3]).toMatchObject({ secret: names.adminKubeconfig, why: /no certificate/ });
    const text = JSON.stringify(standing);
    for (const part of [...secrets, 'federation-token', 'PRIVATE KEY']) expect(text).not.toContain(part);
  }, 60_000);

  it('is told as far as it was made', async () => {
    await world.member.create<KubeObject>({
      ...kubeDnsDeployment({ args: ['--federations=other=other.example'] }),
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
    });
    const standing = await read();
    expect(standing.address).toBeNull();
    expect(standing.components.map(({ why }) => why)).toEqual(Array(2).fill('the Deployment does not exist'));
    expect(standing.certificates.map(({ why }) => why)).toEqual(Array(4).fill('not created yet'));
    expect(standing.zone).toMatchObject({ stands: false, made: false, why: 'the provider has no such zone' });
    expect(standing.members).toEqual([
      expect.objectContaining({ ready: null, why: expect.stringContaining('NOT_FOUND'), clusterDns: 'untold' }),
    ]);
  }, 60_000);

  it('is told in time when members, the federation API and DNS are silent, and says who is', async () => {
    await certificates();
    const admin = { apiVersion: 'v1', kind: 'Secret', name: names.adminKubeconfig, namespace: world.namespace };
    const askedBeforeAnyLeft = new Set<string>();
    let left = false;
    const silent = (who: string) =>
      silentServer((what) => {
        left ||= what === 'left';
        if (!left) askedBeforeAnyLeft.add(who);
      });
    const [federation, member, provider] = await Promise.all(['federation', 'member', 'provider'].map(silent));
    const kubeconfigAt = (address: string) => kubeconfigFor({ server: `https://${address}`, user: { token: 't' } });
    await world.host.mergePatch(admin, { data: { kubeconfig: base64(kubeconfigAt(federation!.address)) } });
    const away = { ...spec.clusters[0]!, ...kubeconfigFile(kubeconfigAt(member!.address)) };
    const dnsAway = { ...spec.dns!, endpoint: `http://${provider!.address}` };
    await record({ spec: { ...spec, dns: dnsAway }, members: [away] });
    const standing = await read(2_000);
    for (const server of [federation, member, provider]) server!.stop();
    // All at the same time: whoever waited for one before asking the next would find that one left.
    expect([...askedBeforeAnyLeft].sort()).toEqual(['federation', 'member', 'provider']);
    expect(standing.host.version).toMatch(/^v\d/);
    expect(standing.certificates.slice(0, 3).map(({ why }) => why)).toEqual([null, null, null]);
    const late = /did not answer within 2 s/;
    expect(standing.members).toEqual([
      expect.objectContaining({
        ready: null,
        why: expect.stringMatching(late),
        clusterDns: 'unknown',
        clusterDnsWhy: expect.stringMatching(late),
      }),
    ]);
    expect(standing.zone).toMatchObject({ stands: null, why: expect.stringMatching(late) });
  }, 60_000);

  it('is nothing without a record', async () => {
    const host = { ...world.run.host, namespace: 'another' };
    expect(await readStanding(world.deps, { host, partMs: 1_000 })).toBeUndefined();
  });
});
