import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import { powerDns } from '../../../activities/clients/dns/powerdns.ts';
import type { DnsSpec } from '../../../activities/clients/dns/port.ts';
import { kubeconfigFor } from '../../helpers/kubernetes/federation-api.ts';

/** What proxies, login pages and broken connections make of answers. */
describe('an answer that is none', () => {
  let close: () => void = () => {};
  const folder = mkdtempSync(join(tmpdir(), 'fedctl-answers-'));
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, 'the-key');
  afterEach(() => close());
  afterAll(() => rmSync(folder, { recursive: true }));

  async function serving(answer: http.RequestListener): Promise<string> {
    const server = http.createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => void (server.closeAllConnections(), server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const page: http.RequestListener = (_, response) => void response.end('<html>log in</html>');
  const kube = async (server: string) => kubeClients({}).forKubeconfig(kubeconfigFor({ server }));
  const dns = (endpoint: string) =>
    powerDns({ endpoint, zone: 'a.example.', serverId: 'localhost', nameServers: [] } as unknown as DnsSpec, {
      PDNS_API_KEY_FILE: keyFile,
    });
  const secret = { apiVersion: 'v1', kind: 'Secret', name: 's', namespace: 'n' };

  it('is a server error of Kubernetes, with the words that came', async () => {
    const client = await kube(await serving(page));
    await expect(client.read(secret)).rejects.toMatchObject({
      type: 'SERVER_ERROR',
      message: expect.stringContaining('log in'),
    });
  });

  it('of PowerDNS is one too', async () => {
    const provider = await dns(await serving(page));
    await expect(provider.find('a.example.')).rejects.toMatchObject({
      type: 'SERVER_ERROR',
      message: expect.stringContaining('log in'),
    });
  });

  it('cut off in the middle counts as unreachable', async () => {
    const cut: http.RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('[{"name"');
      setTimeout(() => response.destroy(), 20);
    };
    const provider = await dns(await serving(cut));
    await expect(provider.find('a.example.')).rejects.toMatchObject({ type: 'UNREACHABLE' });
  });

  it('that sends elsewhere is refused: the key goes nowhere else, and nothing counts as removed', async () => {
    const asked: string[] = [];
    const target = await serving((request, response) => {
      asked.push(String(request.headers['x-api-key']));
      if (request.url === '/api/v1')
        response.end('{"resources":[{"name":"secrets","kind":"Secret","namespaced":true}]}');
      else response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await expect((await dns(target)).find('a.example.')).rejects.toMatchObject({ nonRetryable: true });
    expect(asked).toEqual(['the-key']);
    await expect((await kube(target)).remove(secret, { uid: 'u' })).rejects.toMatchObject({
      message: expect.stringContaining('302'),
    });
  });
});
