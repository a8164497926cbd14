import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import type { FederationCluster } from '../../../src/distributions/federation/cluster-api.ts';

/** A federation API in this process, as awkward as the real one (docs/control-plane.md) in what fedctl depends on. */
export interface FakeFederationApi {
  kubeconfig: string;
  clusters: Map<string, FederationCluster>;
  /** What people federate: v1 ConfigMaps, Secrets, Services and Namespaces. A deleted one goes when every cluster is Ready. */
  objects: KubeObject[];
  /** `METHOD path` of every write. */
  writes: string[];
  /** Misuse of that API: server-side apply, dry runs. Must stay empty. */
  misuse: string[];
  /** Answers the next write with this status instead, after it was done (`after`) or in place of it. */
  failNext: { status: number; after?: boolean } | undefined;
  /** What happens an instant before the next request of this method is looked at. */
  before: { method: string; act: () => void } | undefined;
  /** A DELETE is taken, and nothing goes: as with members that are not Ready. */
  held: boolean;
  /** UIDs that DELETE asked for. */
  preconditions: (string | undefined)[];
  stop(): Promise<void>;
}

type Answer = [status: number, body: object];
const status = (code: number, reason: string, message: string): Answer => [
  code,
  { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code },
];
const base = '/apis/federation/v1beta1';
const resources = [
  { name: 'clusters', kind: 'Cluster', namespaced: false },
  { name: 'clusters/status', kind: 'Cluster', namespaced: false },
];

const coreKinds: Record<string, string> = {
  configmaps: 'ConfigMap',
  secrets: 'Secret',
  services: 'Service',
  namespaces: 'Namespace',
};
const coreResources = Object.entries(coreKinds).map(([name, kind]) => ({
  name,
  kind,
  namespaced: kind !== 'Namespace',
}));
const isReady = ({ status: found }: FederationCluster): boolean =>
  (found?.conditions ?? []).some((one) => one.type === 'Ready' && one.status === 'True');

/** Lists and deletes in /api/v1. */
function coreAnswer(api: FakeFederationApi, method: string, path: string): Answer | undefined {
  if (path === '/api/v1') return [200, { kind: 'APIResourceList', groupVersion: 'v1', resources: coreResources }];
  const [, namespace, plural = '', name] =
    /^\/api\/v1(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
  const kind = coreKinds[plural];
  if (!kind) return undefined;
  if ([...api.clusters.values()].every(isReady))
    api.objects = api.objects.filter(({ metadata }) => !metadata.deletionTimestamp);
  if (!name) return [200, { kind: `${kind}List`, items: api.objects.filter((object) => object.kind === kind) }];
  const at = (object: KubeObject): boolean =>
    object.kind === kind && object.metadata.name === name && object.metadata.namespace === namespace;
  const found = api.objects.find(at);
  if (!found) return status(404, 'NotFound', `${plural} "${name}" not found`);
  if (method === 'DELETE') found.metadata.deletionTimestamp = new Date().toISOString();
  return [200, found];
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(target as object | undefined) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

export async function startFederationApi(): Promise<FakeFederationApi> {
  let counter = 100;
  const clusters = new Map<string, FederationCluster>();
  const api: FakeFederationApi = {
    kubeconfig: '',
    clusters,
    objects: [],
    writes: [],
    misuse: [],
    failNext: undefined,
    before: undefined,
    held: false,
    preconditions: [],
    stop: async () => {},
  };

  const store = (cluster: FederationCluster): FederationCluster => {
    counter += 1;
    const stored = { ...cluster, metadata: { ...cluster.metadata, resourceVersion: String(counter) } };
    clusters.set(cluster.metadata.name, stored);
    return stored;
  };
  const act = (
    method: string,
    name: string,
    body: FederationCluster & { preconditions?: { uid?: string } },
  ): Answer => {
    const found = clusters.get(name);
    // Items of a list carry neither kind nor apiVersion (docs/control-plane.md).
    if (method === 'GET' && name === '') {
      const items = [...clusters.values()].map(({ kind: _kind, apiVersion: _apiVersion, ...item }) => item);
      return [200, { kind: 'ClusterList', apiVersion: 'federation/v1beta1', items }];
    }
    if (method === 'POST') {
      if (clusters.has(body.metadata.name))
        return status(409, 'AlreadyExists', `clusters "${body.metadata.name}" already exists`);
      const { status: _dropped, ...created } = body;
      return [201, store({ ...created, metadata: { ...body.metadata, uid: `uid-${counter}` } })];
    }
    if (!found) return status(404, 'NotFound', `clusters "${name}" not found`);
    if (method === 'GET') return [200, found];
    if (method === 'PATCH') return [200, store(merge(found, body) as FederationCluster)];
    api.preconditions.push(body.preconditions?.uid);
    if (body.preconditions?.uid && body.preconditions.uid !== found.metadata.uid)
      return status(409, 'Conflict', 'uid precondition');
    if (!api.held) clusters.delete(name);
    return [200, found];
  };
  const answer = (request: http.IncomingMessage, text: string): Answer => {
    const { method = 'GET' } = request;
    const url = new URL(request.url ?? '/', 'http://fake');
    if (url.searchParams.has('dryRun')) api.misuse.push(`dryRun: ${method} ${url.pathname}`);
    if (request.headers['content-type']?.includes('apply-patch')) {
      api.misuse.push(`server-side apply: ${url.pathname}`);
      return status(415, 'UnsupportedMediaType', 'the body of the request was in an unknown format');
    }
    if (url.pathname === base) return [200, { kind: 'APIResourceList', groupVersion: 'federation/v1beta1', resources }];
    if (method !== 'GET') api.writes.push(`${method} ${url.pathname}`);
    const core = coreAnswer(api, method, url.pathname);
    if (core) return core;
    const { before } = api;
    if (before?.method === method) {
      api.before = undefined;
      before.act();
    }
    const fail = method === 'GET' ? undefined : api.failNext;
    if (fail) api.failNext = undefined;
    if (fail && !fail.after) return status(fail.status, 'Forbidden', 'told to fail');
    const body = text ? (JSON.parse(text) as FederationCluster) : ({} as FederationCluster);
    const done = act(method, url.pathname.slice(`${base}/clusters/`.length), body);
    return fail ? status(fail.status, 'InternalError', 'told to fail after the act') : done;
  };

  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [code, body] = answer(request, Buffer.concat(chunks).toString());
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  api.kubeconfig = kubeconfigFor({ server: `http://127.0.0.1:${port}`, user: { token: 'federation-token' } });
  api.stop = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return api;
}

/** A kubeconfig text (JSON is YAML) with one context, `only`. */
export function kubeconfigFor(given: { server: string; user?: object; cluster?: object }): string {
  const insecure = given.server.startsWith('http:') ? { 'insecure-skip-tls-verify': true } : {};
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'only', cluster: { server: given.server, ...insecure, ...given.cluster } }],
    users: given.user ? [{ name: 'only', user: given.user }] : [],
    contexts: [{ name: 'only', context: { cluster: 'only', user: given.user ? 'only' : '' } }],
    'current-context': 'only',
  });
}
