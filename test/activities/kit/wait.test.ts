import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { failure, retryable } from '../../../activities/kit/fail.ts';
import { waitUntil } from '../../../activities/kit/wait.ts';
import { activityEnvironment } from '../../helpers/temporal/activity-environment.ts';
import { kubeconfigFor } from '../../helpers/kubernetes/federation-api.ts';
import { type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { type KubeApiserver, startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { kubeconfigFile } from '../../helpers/kubernetes/member-world.ts';

let server: KubeApiserver;
let world: HostWorld;
beforeAll(async () => {
  server = await startKubeApiserver();
}, 120_000);
afterAll(() => server?.stop());
beforeEach(async () => {
  world = await hostWorld(server);
});

describe('a server that asks to slow down', () => {
  let asked: number[];
  let slow: http.Server;
  beforeEach(async () => {
    asked = [];
    slow = http.createServer((_request, response) => {
      asked.push(Date.now());
      if (asked.length > 1) return response.end(JSON.stringify({ resources: [], items: [] }));
      return response
        .writeHead(429, { 'retry-after': '1' })
        .end(JSON.stringify({ kind: 'Status', message: 'slow down' }));
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    slow.closeAllConnections();
    slow.close();
  });

  it('is left alone for so long inside a wait too', async () => {
    const { port } = slow.address() as AddressInfo;
    const text = kubeconfigFor({ server: `http://127.0.0.1:${port}`, user: { token: 'any' } });
    const kube = await world.deps.kube.forContext(kubeconfigFile(text));
    const look = async () => {
      const { status } = await kube.get('/version');
      if (status === 429) throw failure('RATE_LIMITED', 'slow down', {}, { retryAfterMs: 1_000 });
      return { value: status };
    };
    const wait = () => waitUntil({ waitMs: 20_000 }, 'UNREACHABLE', look, { everyMs: 10 });
    expect(await activityEnvironment({ scheduledTimestampMs: Date.now() }).run(wait)).toBe(200);
    expect(asked).toHaveLength(2);
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(950);
  });

  it('is left alone for so long by a parked step, too', () => {
    const told = failure('RATE_LIMITED', 'slow down', {}, { retryAfterMs: 5_000 });
    expect(retryable(told).nextRetryDelay).toBe(5_000);
    expect(retryable(failure('FORBIDDEN', 'no')).nextRetryDelay).toBeUndefined();
  });
});
