import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import type { CheckDocument } from '../../src/cli/views/check-model.ts';
import { exit } from '../../src/cli/io/exit.ts';
import type { PlanDocument } from '../../src/cli/views/plan-model.ts';
import { runCli } from '../../src/cli/program.ts';
import { fakeIo } from '../helpers/terminal/fake-io.ts';
import { type KubeApiserver, startKubeApiserver } from '../helpers/kubernetes/kube-apiserver.ts';

/** Codes 2 and 3, by the commands themselves against a real API server and a registry that is not there. */
describe('exit codes of commands that only ask', () => {
  let server: KubeApiserver;
  let file: string;
  beforeAll(async () => {
    server = await startKubeApiserver();
    file = join(mkdtempSync(join(tmpdir(), 'fedctl-exit-')), 'federation.yaml');
    const image = { registry: '127.0.0.1:1', name: 'hyperkube-amd64', version: 'v1' };
    writeFileSync(
      file,
      stringify({
        apiVersion: 'fedctl/v1alpha1',
        kind: 'Federation',
        metadata: { name: 'asked' },
        spec: {
          host: { context: server.context, kubeconfig: server.kubeconfig, namespace: 'asked' },
          images: { apiserver: image, controllerManager: image, etcd: { image: '127.0.0.1:1/etcd:3' } },
        },
      }),
    );
  }, 180_000);
  afterAll(() => server?.stop());

  const run = async (...argv: string[]): Promise<{ code: number; out: string }> => {
    const io = fakeIo({ env: { HOME: '/nonexistent', TEMPORAL_ADDRESS: '127.0.0.1:1' } });
    const code = await runCli([...argv, '-f', file], io);
    return { code, out: io.out.join('\n') };
  };

  it('plan: 0 for a plan that was made, 2 for one with changes when that is asked for', async () => {
    const plain = await run('plan', '-o', 'json');
    const detailed = await run('plan', '-o', 'json', '--detailed-exitcode');
    expect([plain.code, detailed.code]).toEqual([exit.done, exit.changes]);
    expect(exit.changes).toBe(2);
    const { changes, counts } = JSON.parse(detailed.out) as PlanDocument;
    expect(changes).toBe(true);
    expect(counts.create).toBeGreaterThan(3);
  }, 60_000);

  it('check: 3 when something is not as a turn-up needs it, on stdout what', async () => {
    const { code, out } = await run('check', '-o', 'json');
    expect([code, exit.checkFailed]).toEqual([3, 3]);
    const { ok, checks } = JSON.parse(out) as CheckDocument;
    expect(ok).toBe(false);
    const results = Object.fromEntries(checks.map(({ id, result }) => [id, result]));
    expect(results).toMatchObject({ 'preflight/host': 'ok', 'preflight/images': 'error' });
    const table = await run('check');
    expect(table.code).toBe(3);
    expect(table.out).toContain('127.0.0.1:1');
  }, 60_000);
});
