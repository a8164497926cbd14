import { appendFile, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DnsPod, type Lookups, sayLookups } from './dns-loop.ts';
import { statusOf, stepOf, succeeded } from './runs.ts';
import { eventually, layout, Operator } from './world.ts';

const name = 'clusterdns';
const member = 'itself';
/** How often the member joins and leaves while a pod looks names up; `npm run test:dns` asks for more. */
const rounds = Number(process.env['FEDCTL_DNS_ROUNDS'] ?? 1);
const federated = `web.shop.${name}.svc.cluster.local`;
const inZone = `web.shop.${name}.svc.${name}.example.`;

interface CoreDns {
  metadata: { annotations?: Record<string, string>; generation: number };
  spec: { replicas: number };
  status: { readyReplicas?: number };
}

/** The host cluster is a member of its own federation: the one in the sandbox whose pods really run. */
describe('the cluster DNS of a real cluster', () => {
  let operator: Operator;
  let file: string;
  let pod: DnsPod;
  let corefile: string;

  beforeAll(async () => {
    operator = await Operator.create(name);
    file = await operator.spec(name, {
      spec: { clusters: [{ name: member, context: 'host' }], policy: { waits: { recycle: '180s' } } },
    });
    corefile = await readCorefile();
    await operator.startWorker();
    pod = await DnsPod.start(operator, 'kubernetes.default.svc.cluster.local');
  }, 120_000);
  afterAll(async () => {
    await pod?.end();
    await operator?.close();
  }, 60_000);

  const readCorefile = (): Promise<string> =>
    operator.kubectl('host', '-n', 'kube-system', 'get', 'configmap', 'coredns', '-o', 'jsonpath={.data.Corefile}');
  const coreDns = (): Promise<CoreDns> =>
    operator.json<CoreDns>('host', '-n', 'kube-system', 'get', 'deployment', 'coredns');
  const podNames = (): Promise<string> =>
    operator.kubectl('host', '-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns', '-o', 'name');

  /** What a pod of the cluster hears of the federated service. */
  const answer = (): Promise<string> => pod.lookUp(federated);
  const lossless = async (what: string, lookups: Lookups): Promise<void> => {
    const line = sayLookups(what, lookups);
    process.stdout.write(`${line}\n`);
    const report = process.env['FEDCTL_DNS_REPORT'];
    if (report) await appendFile(report, `${line}\n`);
    expect(lookups.asked).toBeGreaterThan(20);
    expect({ what, failed: lookups.failed }).toEqual({ what, failed: 0 });
  };
  /** One pod as before, and nothing of ours on what makes it. */
  const asBefore = async (): Promise<void> => {
    const { metadata, spec } = await coreDns();
    expect({ replicas: spec.replicas, notes: JSON.stringify(metadata.annotations ?? {}) }).toEqual({
      replicas: 1,
      notes: expect.not.stringContaining('fedctl'),
    });
    const sets = await operator.kubectl('host', '-n', 'kube-system', 'get', 'replicasets', '-o', 'yaml');
    expect(sets).not.toContain('surge.fedctl');
  };
  /** The record that the real federation-controller-manager would write for a Service with endpoints. */
  async function changeRecord(changetype: 'REPLACE' | 'DELETE'): Promise<void> {
    const key = (await readFile(operator.env['PDNS_API_KEY_FILE'] ?? '', 'utf8')).trim();
    const records = [{ content: '192.0.2.10', disabled: false }];
    const rrset = { name: inZone, type: 'A', ttl: 5, changetype, ...(changetype === 'REPLACE' ? { records } : {}) };
    const { status } = await fetch(`${layout.dnsApi}/api/v1/servers/localhost/zones/${name}.example.`, {
      method: 'PATCH',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ rrsets: [rrset] }),
    });
    expect(status).toBe(204);
  }

  it('is told without a lookup lost, and proves that it is', async () => {
    expect(await answer()).toMatch(/NXDOMAIN/);
    const before = await podNames();
    const { result, lookups } = await pod.during(() => operator.fedctl('up', '-f', file));
    succeeded(result);
    await lossless('turn-up', lookups);
    expect(await podNames()).not.toContain(before);
    expect(await stepOf(operator, name, `clusters/${member}/recycle`)).toMatchObject({
      status: 'done',
      detail: '1 pod replaced; proved by a name of the federation',
    });
    await asBefore();
  }, 240_000);

  it('lets a pod find a federated service', async () => {
    await changeRecord('REPLACE');
    await eventually(async () => (await answer()).includes('192.0.2.10'), 'the name is answered', 30_000);
    // Under the name that was asked for: a resolver takes no answer for another one.
    expect(await answer()).toContain(federated);
  }, 60_000);

  it('forgets it when the member leaves, gets its former text back to the letter, and loses no lookup', async () => {
    const { result, lookups } = await pod.during(() => operator.fedctl('unjoin', name, member, '--yes'));
    succeeded(result);
    await lossless('unjoin', lookups);
    expect(await readCorefile()).toBe(corefile);
    await eventually(async () => (await answer()).includes('NXDOMAIN'), 'nobody knows the name any more', 30_000);
    await asBefore();
  }, 180_000);

  it('has one pod again although the worker was killed while there was one more', async () => {
    succeeded(await operator.fedctl('up', '-f', file, '--detach'));
    const surges = async (): Promise<boolean> =>
      Object.keys((await coreDns()).metadata.annotations ?? {}).includes(`surge.fedctl/${name}`);
    const { lookups } = await pod.during(async () => {
      await eventually(surges, 'there is one pod more', 120_000);
      await operator.killWorkers();
      expect((await coreDns()).spec.replicas).toBe(2);
      await operator.startWorker();
      succeeded(await operator.fedctl('up', '-f', file));
    });
    await lossless('a worker killed in between', lookups);
    await asBefore();
    expect((await statusOf(operator, name)).status).toBe('completed');
  }, 240_000);

  it(
    `loses no lookup in ${rounds} more of joining and leaving`,
    async () => {
      for (let round = 1; round <= rounds; round += 1) {
        const left = await pod.during(() => operator.fedctl('unjoin', name, member, '--yes'));
        succeeded(left.result);
        await lossless(`unjoin ${round}`, left.lookups);
        const joined = await pod.during(() => operator.fedctl('join', name, member, '-f', file));
        succeeded(joined.result);
        await lossless(`join ${round}`, joined.lookups);
      }
    },
    120_000 * rounds + 60_000,
  );

  it('turns down and leaves the text as it was', async () => {
    await changeRecord('DELETE');
    succeeded(await operator.fedctl('down', name, '--yes', '--volumes', 'delete'));
    expect(await readCorefile()).toBe(corefile);
    await asBefore();
  }, 180_000);
});
