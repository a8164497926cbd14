import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import { federation } from '../../../src/distributions/federation/index.ts';
import { readPodLogs } from '../../../activities/status/pod-logs.ts';
import { runCli } from '../../../src/cli/program.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';

describe('fedctl logs', () => {
  const state = mkdtempSync(join(tmpdir(), 'fedctl-logs-'));
  const folder = join(state, 'builds', 'f');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'images-build.log'), 'one\ntwo\nthree\n');

  it('shows the last lines of a step that built here', async () => {
    const io = fakeIo({ env: { FEDCTL_STATE: state } });
    expect(await runCli(['logs', 'f', 'images/build', '--tail', '2'], io)).toBe(0);
    expect(io.out).toEqual(['two\nthree']);
    expect(io.err.join()).toContain(join(folder, 'images-build.log'));
  });

  it('says where a log would be that is not here', async () => {
    const io = fakeIo({ env: { FEDCTL_STATE: state } });
    await expect(runCli(['logs', 'f', 'images/push'], io)).rejects.toMatchObject({
      exitCode: 1,
      message: `there is no log of images/push here: ${join(folder, 'images-push.log')}`,
    });
    await expect(runCli(['logs', 'f', '--tail', 'all'], io)).rejects.toMatchObject({ exitCode: 64 });
  });
});

describe('readPodLogs', () => {
  it('asks for every container by itself, and says why one has no log', async () => {
    const asked: string[] = [];
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'a' }, { name: 'b' }] },
    };
    const kube = {
      list: async ({ labelSelector }: { labelSelector: string }) => (asked.push(labelSelector), [pod as KubeObject]),
      get: async (path: string) => {
        asked.push(path);
        if (path.includes('container=a')) return { status: 200, body: 'hello\n' };
        return { status: 400, body: JSON.stringify({ kind: 'Status', message: 'container "b" is waiting to start' }) };
      },
    } as unknown as Kube;
    expect(await readPodLogs(kube, 'ns', federation, { step: 'etcd/claim', tail: 7 })).toEqual([
      { pod: 'p', container: 'a', text: 'hello\n' },
      { pod: 'p', container: 'b', text: '(no log: container "b" is waiting to start)' },
    ]);
    expect(asked[0]).toBe('app=federated-cluster,module=federation-apiserver');
    expect(asked[1]).toBe('/api/v1/namespaces/ns/pods/p/log?container=a&tailLines=7');
  });
});
