import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import {
  endOf,
  type FaultClient,
  type FaultClientName,
  type FaultName,
  faults,
  faultTable,
  verdictOf,
} from '../../../src/errors/faults.ts';
import { type FaultyServer, faultyServers } from '../../helpers/faults/worlds.ts';
import { type Fault, startImpostor } from '../../helpers/faults/proxy.ts';
import { kubeconfigFor } from '../../helpers/kubernetes/federation-api.ts';
import { freePort } from '../../helpers/common/processes.ts';

const names = Object.keys(faults) as FaultName[];
const clients = Object.entries(faultTable) as [FaultClientName, FaultClient][];
/** What `silence` is allowed to take, instead of the 30 s of every day. */
const patienceMs = 2_000;

let impostor: Awaited<ReturnType<typeof startImpostor>>;
beforeAll(async () => {
  impostor = await startImpostor();
});
afterAll(() => impostor.stop());

describe.each(clients)('a request that fails, of %s', (client, row) => {
  let faulty: FaultyServer;
  let good: unknown;
  beforeAll(async () => {
    faulty = await faultyServers[client]();
    good = await faulty.client(faulty.proxy.url);
  }, 300_000);
  afterAll(() => faulty?.stop());
  afterEach(() => void faulty.proxy.forget());

  it('has calls of exactly the kinds of call that the table has', () => {
    expect(Object.keys(faulty.calls).sort()).toEqual(Object.keys(row.calls).sort());
  });

  /** The client that meets the fault. */
  async function meets(fault: FaultName): Promise<unknown> {
    if (fault === 'refused') return faulty.client(`http://127.0.0.1:${await freePort()}`);
    if (fault === 'tls') return faulty.client(impostor.url);
    return fault === 'silence' ? faulty.client(faulty.proxy.url, patienceMs) : good;
  }

  /** What the proxy does, for every request that is about to fail. */
  function onTheWire(fault: FaultName): Fault[] {
    if (fault === 'reset') return ['answer cut'];
    if (fault === 'silence') return ['silence'];
    const status = Number(/^status (\d+)/.exec(fault)?.[1]);
    if (!status) return [];
    const refusal = faulty.words(status, status === 429 ? { 'retry-after': '7' } : {});
    return fault === 'status 401' ? [refusal, refusal] : [refusal];
  }

  const cases = Object.keys(row.calls).flatMap((call) =>
    names.map((fault) => {
      const verdict = verdictOf(row, call, fault);
      return { call, fault, verdict, end: endOf(verdict) };
    }),
  );
  it.each(cases)('$call, $fault: $end', async ({ call, fault, verdict, end }) => {
    const { methods, act, value } = await faulty.calls[call]!(good);
    const told = onTheWire(fault);
    // Where one thing is asked for in two ways, a server that fails fails both.
    const failing = /^status (?!401 once)/.test(fault) ? methods : methods.slice(0, 1);
    const subject = await meets(fault);
    for (const method of failing) faulty.proxy.fail(method, ...told);
    const answer = act(subject);
    if (typeof verdict === 'object') {
      expect(await answer).toEqual(value(fault));
    } else {
      const later = verdict === 'RATE_LIMITED' ? { nextRetryDelay: 7_000 } : {};
      await expect(answer).rejects.toMatchObject({ type: verdict, nonRetryable: end === 'parked', ...later });
    }
    expect(faulty.proxy.forget()).toBe(0);
  });

  if (client === 'kubernetes') {
    it('leaves an object alone that took the place of the one to be removed', async () => {
      const kube = await kubeClients({}).forKubeconfig(
        kubeconfigFor({ server: faulty.proxy.url, user: { token: 'admin-token' } }),
      );
      const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'successor', namespace: 'default' };
      const { apiVersion, kind, ...metadata } = ref;
      const object: KubeObject = { apiVersion, kind, metadata };
      const first = await kube.create(object);
      await kube.remove(ref, { uid: first.metadata.uid! });
      const second = await kube.create(object);
      await kube.remove(ref, { uid: first.metadata.uid! });
      expect((await kube.read(ref))?.metadata.uid).toBe(second.metadata.uid);
    });

    it('reads a kubeconfig anew whose token has run out, and runs its exec program again', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'fedctl-renew-'));
      const [kubeconfig, runs] = [join(folder, 'config'), join(folder, 'runs')];
      const ref = { apiVersion: 'v1', kind: 'Namespace', name: 'default' };
      const asked = async (user: object, renewed: object): Promise<string | undefined> => {
        writeFileSync(kubeconfig, kubeconfigFor({ server: faulty.proxy.url, user }));
        const kube = await kubeClients({}).forContext({ context: 'only', kubeconfig });
        writeFileSync(kubeconfig, kubeconfigFor({ server: faulty.proxy.url, user: renewed }));
        return (await kube.read(ref))?.metadata.name;
      };
      expect(await asked({ token: 'run-out' }, { token: 'admin-token' })).toBe('default');
      // Gives a stale token the first time.
      const script = `
        const { appendFileSync, readFileSync } = require('node:fs');
        appendFileSync(${JSON.stringify(runs)}, '.');
        const token = readFileSync(${JSON.stringify(runs)}).length < 2 ? 'run-out' : 'admin-token';
        console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } }));`;
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: process.execPath,
        args: ['-e', script],
        interactiveMode: 'Never',
      };
      expect(await asked({ exec }, { exec })).toBe('default');
      expect(readFileSync(runs, 'utf8')).toBe('..');
      rmSync(folder, { recursive: true });
    });
  }
});
