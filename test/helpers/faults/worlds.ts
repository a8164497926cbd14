import { expect } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DnsProvider, DnsSpec, Zone } from '../../../activities/clients/dns/port.ts';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { type Registries, registries } from '../../../activities/clients/registry/registry.ts';
import { dnsProvider } from '../../../activities/dns/provider.ts';
import { clusterRef } from '../../../src/distributions/federation/cluster-api.ts';
import type { FaultClientName, FaultName } from '../../../src/errors/faults.ts';
import { startCloudDns } from '../dns/cloud-dns.ts';
import { type Fault, type FaultProxy, startFaultProxy } from './proxy.ts';
import { kubeconfigFor, startFederationApi } from '../kubernetes/federation-api.ts';
import { startKubeApiserver } from '../kubernetes/kube-apiserver.ts';
import { startMoto } from '../dns/moto.ts';
import { startPowerDns } from '../dns/powerdns.ts';
import { account, startRegistry } from '../images/registry.ts';
import { aSpec } from '../common/spec.ts';

/** One call of a client, made ready. */
interface Prepared<Client> {
  /** The request that fails, by its method; with more than one, those that are asked for the same thing in turn. */
  methods: [string, ...string[]];
  act(client: Client): Promise<unknown>;
  /** What it answers when the table says `value`. */
  value(fault: FaultName): unknown;
}

/** A real server of one kind (or an emulator), behind a proxy that fails. */
export interface FaultyServer<Client = unknown> {
  proxy: FaultProxy;
  /** A client of a server at this address; ms that one request may take. */
  client(url: string, timeoutMs?: number): Promise<Client>;
  /** Makes ready what each kind of call needs, with a client that works. */
  calls: Record<string, (good: Client) => Promise<Prepared<Client>>>;
  /** A refusal in the words of this server. */
  words(status: number, headers: Record<string, string>): Fault;
  stop(): Promise<void>;
}

let count = 0;
const fresh = (): string => `n${++count}`;
const statusOf = (fault: FaultName): number => Number(/\d+/.exec(fault)?.[0] ?? 200);
const nothing = (): undefined => undefined;

/** Words as Kubernetes has them. */
const kubeWords: FaultyServer['words'] = (status, headers) => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ kind: 'Status', status: 'Failure', message: `told to say ${status}`, code: status }),
});
const stopAll =
  (...all: { stop(): Promise<void> }[]) =>
  async (): Promise<void> => {
    for (const one of all) await one.stop();
  };

async function kubernetes(): Promise<FaultyServer<Kube>> {
  const server = await startKubeApiserver();
  const direct = await kubeClients({}).forContext(server);
  const proxy = await startFaultProxy(direct.server);
  const refOf = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace: 'default' });
  const objectOf = (name: string): KubeObject => {
    const { apiVersion, kind, namespace } = refOf(name);
    return { apiVersion, kind, metadata: { name, namespace }, data: { name } };
  };
  /** A call about an object that stands. */
  const about =
    (method: string, act: (kube: Kube, name: string, made: KubeObject) => Promise<unknown>, answer?: () => unknown) =>
    async (good: Kube): Promise<Prepared<Kube>> => {
      const name = fresh();
      const made = await good.create(objectOf(name));
      const value = answer ?? (() => expect.objectContaining({ data: expect.objectContaining({ name }) }));
      return { methods: [method], act: (kube) => act(kube, name, made), value };
    };
  return {
    proxy,
    words: kubeWords,
    client: (url, timeoutMs) => {
      const cluster = url.startsWith('http:') ? { 'insecure-skip-tls-verify': true } : {};
      const text = kubeconfigFor({ server: url, cluster, user: { token: 'admin-token' } });
      return kubeClients({}, timeoutMs).forKubeconfig(text);
    },
    calls: {
      read: about('GET', (kube, name) => kube.read(refOf(name))),
      list: about('GET', (kube, name) =>
        kube
          .list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', fieldSelector: `metadata.name=${name}` })
          .then(([one]) => one),
      ),
      create: async () => {
        const name = fresh();
        const value = () => expect.objectContaining({ data: { name } });
        return { methods: ['POST'], act: (kube) => kube.create(objectOf(name)), value };
      },
      apply: about('PATCH', (kube, name) => kube.apply(objectOf(name))),
      mergePatch: about('PATCH', (kube, name) => kube.mergePatch(refOf(name), { data: { more: '1' } })),
      jsonPatch: about('PATCH', (kube, name) =>
        kube.jsonPatch(refOf(name), [{ op: 'add', path: '/data/more', value: '1' }]),
      ),
      remove: about('DELETE', (kube, name, { metadata }) => kube.remove(refOf(name), { uid: metadata.uid! }), nothing),
      get: async (good) => {
        await good.get('/version');
        const value = (fault: FaultName) =>
          expect.objectContaining({ status: fault === 'status 401 once' ? 200 : statusOf(fault) });
        return { methods: ['GET'], act: (kube) => kube.get('/version'), value };
      },
      can: async () => {
        const question = { verb: 'get', resource: 'pods' };
        return { methods: ['POST'], act: (kube) => kube.can(question), value: () => true };
      },
    },
    stop: stopAll(proxy, server),
  };
}

async function federation(): Promise<FaultyServer<Kube>> {
  const api = await startFederationApi();
  const { clusters } = JSON.parse(api.kubeconfig) as { clusters: [{ cluster: { server: string } }] };
  const proxy = await startFaultProxy(clusters[0].cluster.server);
  const clusterOf = (name: string): KubeObject => ({
    apiVersion: 'federation/v1beta1',
    kind: 'Cluster',
    metadata: { name },
    spec: { secretRef: { name } },
  });
  const about =
    (method: string, act: (kube: Kube, made: KubeObject) => Promise<unknown>, answer?: () => unknown) =>
    async (good: Kube): Promise<Prepared<Kube>> => {
      const made = await good.create(clusterOf(fresh()));
      const value = answer ?? (() => expect.objectContaining({ spec: made['spec'] }));
      return { methods: [method], act: (kube) => act(kube, made), value };
    };
  return {
    proxy,
    words: kubeWords,
    client: (url, timeoutMs) =>
      kubeClients({}, timeoutMs).forKubeconfig(kubeconfigFor({ server: url, user: { token: 'federation-token' } })),
    calls: {
      read: about('GET', (kube, { metadata }) => kube.read(clusterRef(metadata.name))),
      list: about(
        'GET',
        (kube) => kube.list({ apiVersion: 'federation/v1beta1', kind: 'Cluster' }),
        () => expect.any(Array),
      ),
      create: about(
        'POST',
        (kube) => kube.create(clusterOf(fresh())),
        () => expect.objectContaining({ kind: 'Cluster' }),
      ),
      mergePatch: about('PATCH', (kube, { metadata }) => kube.mergePatch(clusterRef(metadata.name), { metadata: {} })),
      remove: about(
        'DELETE',
        (kube, { metadata }) => kube.remove(clusterRef(metadata.name), { uid: metadata.uid! }),
        nothing,
      ),
    },
    stop: stopAll(proxy, api),
  };
}

interface RegistryClient {
  registry: string;
  ask: Registries;
}

async function registry(): Promise<FaultyServer<RegistryClient>> {
  const server = await startRegistry();
  const proxy = await startFaultProxy(`http://${server.name}`);
  const repository = 'faults';
  const digest = await server.put(repository, '1');
  return {
    proxy,
    words: (status, headers) => ({
      status,
      headers: { ...headers, 'www-authenticate': 'Basic realm="test"' },
      body: JSON.stringify({ errors: [{ code: 'X', message: `told to say ${status}` }] }),
    }),
    client: async (url, timeoutMs) => ({
      registry: new URL(url).host,
      ask: registries({
        isInsecure: () => url.startsWith('http:'),
        caFile: undefined,
        credentials: async () => account,
        timeoutMs,
      }),
    }),
    calls: {
      find: async () => ({
        methods: ['HEAD', 'GET'],
        act: (client) => client.ask.find({ registry: client.registry, repository, tag: '1' }),
        value: () => digest,
      }),
      configOf: async () => ({
        methods: ['GET'],
        act: (client) => client.ask.configOf({ registry: client.registry, repository, tag: '1' }),
        value: () => expect.stringMatching(/^sha256:/),
      }),
      platformsOf: async () => ({
        methods: ['GET'],
        act: (client) => client.ask.platformsOf({ registry: client.registry, repository, tag: '1' }, digest),
        value: () => ['linux/amd64'],
      }),
      tagsOf: async () => ({
        methods: ['GET'],
        act: (client) => client.ask.tagsOf({ registry: client.registry, repository }),
        value: () => ['1'],
      }),
      checkPush: async () => ({
        methods: ['POST'],
        act: (client) => client.ask.checkPush({ registry: client.registry, repository }),
        value: nothing,
      }),
    },
    stop: stopAll(proxy, server),
  };
}

/** What one DNS provider does in its own way. */
interface DnsBackend {
  url: string;
  given: Partial<DnsSpec>;
  words: FaultyServer['words'];
  /** HTTP methods of a change of records, and of the removal of a zone. */
  changes: string;
  /** Whether `create` asks for the zone at once, and takes one that stands. */
  createsAtOnce: boolean;
  /** Whether a removed zone is a change to wait for. */
  removesLater?: boolean;
  /** Makes the next change a pending one, where changes take time at all. */
  pending?: () => void;
  stop(): Promise<void>;
}

async function faultyDns(backend: DnsBackend): Promise<FaultyServer<DnsProvider>> {
  const proxy = await startFaultProxy(backend.url);
  const uuid = '0b6f6f0e-8a53-4b0e-9a53-0d9f6b1a2c3d';
  const dnsOf = (endpoint: string): DnsSpec =>
    aSpec({ spec: { dns: { zone: 'f.example.', domain: 'f.example', endpoint, ...backend.given } } }).dns!;
  const about =
    (
      method: string,
      act: (provider: DnsProvider, zone: Zone) => Promise<unknown>,
      value: Prepared<DnsProvider>['value'] = nothing,
    ) =>
    async (good: DnsProvider): Promise<Prepared<DnsProvider>> => {
      const zone = await good.create(`${fresh()}.example.`, uuid);
      return { methods: [method], act: (provider) => act(provider, zone), value };
    };
  const record = (zone: Zone) => ({ name: `a.${zone.name}`, type: 'A', ttl: 60, values: ['192.0.2.1'] });
  /** The change to wait for, where changes take time. */
  const change = (): unknown => (backend.pending ? expect.any(String) : undefined);
  const ours = (): unknown => expect.objectContaining({ federation: uuid });
  const calls: FaultyServer<DnsProvider>['calls'] = {
    check: about(
      'GET',
      (provider) => provider.check(),
      () => expect.any(String),
    ),
    read: about('GET', (provider, zone) => provider.read(zone.id), ours),
    find: about(
      'GET',
      (provider, zone) => provider.find(zone.name),
      () => [ours()],
    ),
    create: async (good) => {
      const name = `${fresh()}.example.`;
      if (backend.createsAtOnce) await good.create(name, uuid);
      return { methods: ['POST'], act: (provider) => provider.create(name, uuid), value: ours };
    },
    records: about(
      'GET',
      (provider, zone) => provider.records(zone),
      () => expect.any(Array),
    ),
    ensureRecord: about(backend.changes, (provider, zone) => provider.ensureRecord(zone, record(zone)), change),
    removeRecord: async (good) => {
      const zone = await good.create(`${fresh()}.example.`, uuid);
      await good.ensureRecord(zone, record(zone));
      return {
        methods: [backend.changes],
        act: (provider) => provider.removeRecord(zone, record(zone)),
        value: change,
      };
    },
    remove: about(
      'DELETE',
      (provider, zone) => provider.remove(zone),
      () => (backend.removesLater ? expect.any(String) : undefined),
    ),
  };
  if (backend.pending) {
    calls['changeDone'] = async (good) => {
      const zone = await good.create(`${fresh()}.example.`, uuid);
      const made = await good.ensureRecord(zone, record(zone));
      return {
        methods: ['GET'],
        act: (provider) => provider.changeDone(zone, made!),
        value: () => expect.any(Boolean),
      };
    };
  }
  backend.pending?.();
  const client: FaultyServer<DnsProvider>['client'] = (url, timeoutMs) => dnsProvider(dnsOf(url), {}, timeoutMs);
  return { proxy, client, calls, words: backend.words, stop: stopAll(proxy, backend) };
}

async function powerdns(): Promise<FaultyServer<DnsProvider>> {
  const { url, keyFile, stop } = await startPowerDns();
  const words: FaultyServer['words'] = (status, headers) => ({ status, headers, body: `told to say ${status}` });
  const given = { provider: 'powerdns' as const, credentialsFile: keyFile };
  return faultyDns({ url, given, words, changes: 'PATCH', createsAtOnce: true, stop });
}

async function route53(): Promise<FaultyServer<DnsProvider>> {
  const moto = await startMoto();
  const folder = mkdtempSync(join(tmpdir(), 'fedctl-aws-'));
  const credentialsFile = join(folder, 'credentials');
  writeFileSync(credentialsFile, '[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = test\n');
  return faultyDns({
    url: moto.url,
    given: { provider: 'aws-route53', credentialsFile },
    words: (status, headers) => ({
      status,
      headers: { 'content-type': 'text/xml', ...headers },
      body: `<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>Told</Code><Message>told to say ${status}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    }),
    changes: 'POST',
    createsAtOnce: false,
    removesLater: true,
    pending: nothing,
    stop: async () => {
      await moto.stop();
      rmSync(folder, { recursive: true });
    },
  });
}

async function cloudDns(): Promise<FaultyServer<DnsProvider>> {
  const server = await startCloudDns();
  return faultyDns({
    url: server.url,
    given: { provider: 'google-clouddns', project: server.project, credentialsFile: server.keyFile },
    words: (status, headers) => ({
      status,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ error: { code: status, message: `told to say ${status}`, errors: [{ reason: 'told' }] } }),
    }),
    changes: 'POST',
    createsAtOnce: true,
    pending: () => void (server.looksUntilDone = 1_000),
    stop: () => server.stop(),
  });
}

const erased =
  <Client>(start: () => Promise<FaultyServer<Client>>) =>
  async (): Promise<FaultyServer> =>
    (await start()) as FaultyServer;

/** How the faulty of every client in the table is set up. */
export const faultyServers: Record<FaultClientName, () => Promise<FaultyServer>> = {
  kubernetes: erased(kubernetes),
  federation: erased(federation),
  registry: erased(registry),
  powerdns: erased(powerdns),
  'aws-route53': erased(route53),
  'google-clouddns': erased(cloudDns),
};
