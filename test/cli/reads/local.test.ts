import { createServer, type Server } from 'node:http';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { names } from '../../../src/distributions/federation/names.ts';
import { kubeconfigFor } from '../../helpers/kubernetes/federation-api.ts';
import { openLocal } from '../../../worker/local.ts';

const namespace = '/api/v1/namespaces/fed';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const resources = [
  { name: 'configmaps', kind: 'ConfigMap', namespaced: true },
  { name: 'pods', kind: 'Pod', namespaced: true },
  { name: 'secrets', kind: 'Secret', namespaced: true },
];
const answers: Record<string, object> = {
  '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources },
  [`${namespace}/secrets/${names.adminKubeconfig}`]: {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: names.adminKubeconfig },
    data: { kubeconfig: base64('the kubeconfig') },
  },
  [`${namespace}/pods`]: {
    kind: 'PodList',
    items: [{ metadata: { name: 'pod-1' }, spec: { containers: [{ name: 'apiserver' }] } }],
  },
  [`${namespace}/pods/pod-1/log`]: { said: 'ready' },
};
const recordOf = (spec: object): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: names.record },
  data: { spec: JSON.stringify(spec) },
});

let server: Server;
let host: { context: string; kubeconfig: string; namespace: string };
/** What the record is to those who may read it; undefined: nobody may. */
let record: object | undefined;
beforeEach(async () => {
  server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const answer = path === `${namespace}/configmaps/${names.record}` ? record : answers[path];
    response.writeHead(answer ? 200 : 403, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { kind: 'Status', status: 'Failure', code: 403, reason: 'Forbidden' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'fedctl-local-')), 'config');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(kubeconfig, kubeconfigFor({ server: address, user: { token: 't' } }));
  host = { context: 'only', kubeconfig, namespace: 'fed' };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('what is read without the record', () => {
  it.each([
    ['may not be read', undefined],
    ['names a distribution that this version does not know', recordOf({ distribution: 'of-tomorrow' })],
    ['cannot be understood', { ...recordOf({}), data: { spec: '{' } }],
  ])('is there for whoever may read it where the record %s', async (_why, stands) => {
    record = stands;
    const local = openLocal({ HOME: '/nowhere' });
    expect(await local.adminKubeconfig(host)).toBe('the kubeconfig');
    expect(await local.podLogs(host, { tail: 10 })).toEqual([
      { pod: 'pod-1', container: 'apiserver', text: '{"said":"ready"}' },
    ]);
  });
});
