import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { FederationCluster } from '../../../src/distributions/federation/cluster-api.ts';
import type { HostWorld } from './host-world.ts';

/** federation-apiserver as its clients see it: TLS with the stored certificate, clients by certificate only. */
export interface FakeApiserver {
  port: number;
  clusters: FederationCluster[];
  /** What /healthz says next, the first one first; "ok" when empty. */
  health: string[];
  /** `CN/O` of who asked /healthz. */
  askedBy: string[];
  stop(): Promise<void>;
}

/** Serves on 127.0.0.1 with the credentials that the federation's Secret holds. */
export async function startFakeApiserver(world: HostWorld): Promise<FakeApiserver> {
  const secret = await world.read('v1', 'Secret', 'federation-apiserver-credentials');
  const data = (secret?.['data'] ?? {}) as Record<string, string>;
  const pem = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
  const tls = { cert: pem('server.crt'), key: pem('server.key'), ca: pem('ca.crt'), requestCert: true };
  const api: FakeApiserver = { port: 0, clusters: [], health: [], askedBy: [], stop: async () => {} };
  const resources = [{ name: 'clusters', kind: 'Cluster', namespaced: false }];
  const server = https.createServer(tls, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    if (request.url === '/healthz') {
      api.askedBy.push(`${subject.CN}/${subject.O}`);
      const says = api.health.shift() ?? 'ok';
      return response.writeHead(says === 'ok' ? 200 : 500).end(says);
    }
    const isGroup = request.url === '/apis/federation/v1beta1';
    // Items of a list carry neither kind nor apiVersion (docs/control-plane.md).
    const items = api.clusters.map(({ kind: _kind, apiVersion: _apiVersion, ...item }) => item);
    return response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(isGroup ? { kind: 'APIResourceList', resources } : { kind: 'ClusterList', items }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api.port = (server.address() as AddressInfo).port;
  api.stop = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return api;
}
