import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { auditsOf, timesMade } from '../crash/audit.ts';
import { tellCloud } from './cloud.ts';
import { asBefore, namesOf, picture } from './objects.ts';
import { OwnTemporal } from './own-temporal.ts';
import { blockedIn, endedWith, statusOf, stepOf, succeeded, uidOf } from './runs.ts';
import { eventually, layout, Operator } from './world.ts';

const members = ['member-1', 'member-2'];
/** Blocked steps stay blocked until somebody says retry. */
const patient = { FEDCTL_PARKED_RETRY_MS: '3600000' };
const alone = { spec: { clusters: [], dns: null } };

let operators: Operator[] = [];
let first: Operator;
let before: string[];

/** An operator of a federation; the second of a name is another laptop. */
async function operatorOf(name: string): Promise<Operator> {
  const operator = await Operator.create(name);
  operators.push(operator);
  return operator;
}

beforeAll(async () => {
  first = await Operator.create('resume');
  before = await namesOf(first, members);
}, 60_000);
afterEach(async () => {
  await tellCloud(first, undefined);
  // Of a test that failed: the next one counts what there is, in the members too.
  const [last] = operators.slice(-1);
  for (const name of await leftOver()) {
    const inHost = ['--context', 'host', '-n', name];
    await last?.fedctl('down', name, ...inHost, '--yes', '--volumes', 'delete', '--cancel-first');
  }
  for (const operator of operators) await operator.close();
  operators = [];
  for (const name of await leftOver()) await first.kubectl('host', 'delete', 'namespace', name, '--timeout=60s');
}, 400_000);
afterAll(() => first?.close());

/** Namespaces of federations of these tests that still stand. */
async function leftOver(): Promise<string[]> {
  const names = await first.kubectl('host', 'get', 'namespaces', '-o', 'jsonpath={.items[*].metadata.name}');
  return names.split(' ').filter((name) => name.startsWith('resume-'));
}

/** What a run has made when it waits for the address of the load balancer: UIDs, and the authority. */
async function standing(name: string): Promise<Record<string, string>> {
  const inHost = ['-n', name, '--ignore-not-found'];
  const [namespace, service, record] = await Promise.all([
    uidOf(first, 'host', 'namespace', name, '--ignore-not-found'),
    uidOf(first, 'host', 'service', 'federation-apiserver', ...inHost),
    uidOf(first, 'host', 'configmap', 'fedctl-record', ...inHost),
  ]);
  const ca = await first.kubectl(
    'host',
    'get',
    'secret',
    'federation-ca',
    ...inHost,
    '-o',
    'jsonpath={.data.ca\\.crt}',
  );
  if (!namespace || !service || !record || !ca) throw new Error(`not yet: ${[namespace, service, record, ca].join()}`);
  return { namespace, service, record, authority: new X509Certificate(Buffer.from(ca, 'base64')).fingerprint256 };
}

/** Starts `up`, and answers what stands once it waits for the address. */
async function upToTheAddress(operator: Operator, name: string, file: string): Promise<Record<string, string>> {
  await tellCloud(first, { loadBalancers: 'withhold' });
  succeeded(await operator.fedctl('up', '-f', file, '--detach'));
  await eventually(
    async () => /address/.test((await stepOf(operator, name, 'apiserver/address'))?.detail ?? ''),
    'the address is waited for',
    180_000,
  );
  return eventually(() => standing(name), 'namespace, Service, record and authority');
}

/** All is as it was made the first time, once, and goes away again by `down`. */
async function finishedFrom(operator: Operator, name: string, stood: Record<string, string>): Promise<void> {
  expect(await standing(name)).toEqual(stood);
  const made = await timesMade(auditsOf(layout, members), name);
  expect(Object.keys(made).length).toBeGreaterThanOrEqual(15);
  expect(Object.entries(made).filter(([, times]) => times !== 1)).toEqual([]);
  expect((await statusOf(operator, name)).status).toBe('completed');
  succeeded(await operator.fedctl('down', name, '--yes', '--volumes', 'delete'));
  await asBefore(first, members, before);
}

describe('a closed run, and the same up once more', () => {
  it('goes on after a cancel, from another laptop', async () => {
    const name = 'resume-cancel';
    const here = await operatorOf(name);
    await here.startWorker();
    const stood = await upToTheAddress(here, name, await here.spec(name, alone));
    succeeded(await here.fedctl('cancel', name));
    await eventually(async () => (await statusOf(here, name)).status === 'cancelled', 'the run is cancelled');
    expect(await standing(name)).toEqual(stood);
    await here.endWorkers();

    await tellCloud(first, undefined);
    const elsewhere = await operatorOf(`${name}-elsewhere`);
    await elsewhere.startWorker();
    const up = await elsewhere.fedctl('up', '-f', await elsewhere.spec(name, alone));
    succeeded(up);
    expect(up.stderr).toMatch(/ kept apiserver\/service/);
    await finishedFrom(elsewhere, name, stood);
  }, 600_000);

  it('goes on after a terminate: its Lease counts for nothing once its run is closed', async () => {
    const name = 'resume-terminate';
    const here = await operatorOf(name);
    await here.startWorker();
    const file = await here.spec(name, alone);
    const stood = await upToTheAddress(here, name, file);
    const { client, close } = await here.temporal();
    await client.workflow.getHandle(`federation/${name}`).terminate('a test').finally(close);
    await tellCloud(first, undefined);
    succeeded(await here.fedctl('up', '-f', file));
    await finishedFrom(here, name, stood);
  }, 600_000);

  it('goes on when the Temporal database is lost, once the Lease of the lost run has lapsed', async () => {
    const name = 'resume-lost';
    const here = await operatorOf(name);
    const own = new OwnTemporal(here);
    Object.assign(here.env, own.env);
    await own.start();
    try {
      const worker = await here.startWorker();
      const file = await here.spec(name, alone);
      const stood = await upToTheAddress(here, name, file);
      await here.kill(worker);
      await own.loseDatabase();
      await own.start();
      await tellCloud(first, undefined);
      await here.startWorker(patient);
      const refused = await here.fedctl('up', '-f', file);
      endedWith(refused, 7);
      expect(refused.stderr).toContain('(OWNED_ELSEWHERE)');
      expect(refused.stderr).toMatch(/or as it is after \d{4}-\d\d-\d\dT/);

      // Five minutes in which nobody renewed it.
      const renewTime = new Date(Date.now() - 301_000).toISOString().replace('Z', '000Z');
      const lapsed = JSON.stringify({ spec: { renewTime } });
      await here.kubectl('host', 'patch', 'lease', 'fedctl-owner', '-n', name, '--type=merge', '-p', lapsed);
      succeeded(await here.fedctl('up', '-f', file));
      await finishedFrom(here, name, stood);
    } finally {
      await here.endWorkers();
      await own.kill();
    }
  }, 600_000);
});

describe('cancel --rollback', () => {
  it('takes away all that the run made, in the members too, and nothing else', async () => {
    const name = 'resume-rollback';
    const here = await operatorOf(name);
    await here.startWorker(patient);
    const port = { clientCIDR: '0.0.0.0/0', serverAddress: `https://${layout.address}:9` };
    const broken = { name: 'member-2', context: 'member-2', serverAddresses: [port] };
    const file = await here.spec(name, {
      spec: {
        clusters: [{ name: 'member-1', context: 'member-1' }, broken],
        policy: { waits: { clusterReady: '12s' } },
        controllerManager: { extraArgs: { 'cluster-monitor-period': '2s' } },
      },
    });
    endedWith(await here.fedctl('up', '-f', file), 6);
    // A worker on a busy machine does not always answer in time: then no step is known.
    const seen = await eventually(async () => {
      const now = await statusOf(here, name);
      return blockedIn(now).length > 0 && now;
    }, 'the blocked step is told');
    expect(blockedIn(seen)).toEqual(['clusters/member-2/ready']);
    expect(seen.clusters.find((member) => member.name === 'member-1')?.status).toBe('ready');
    expect((await namesOf(here, members)).length).toBeGreaterThan(before.length + 20);

    succeeded(await here.fedctl('cancel', name, '--rollback'));
    await eventually(async () => (await statusOf(here, name)).status === 'cancelled', 'rolled back', 120_000);
    await asBefore(first, members, before);
    const { stdout } = await here.run(['dig', '+short', `@${layout.dnsAddress}`, `${name}.example.`, 'SOA']);
    expect(stdout.trim()).toBe('');
    const args = ['-n', 'kube-system', 'get', 'rc', 'kube-dns-v18', '-o', 'jsonpath={.spec.template.spec}'];
    expect(await here.kubectl('member-1', ...args)).not.toContain(name);
  }, 600_000);
});

describe('join and unjoin', () => {
  it('a member comes and goes while the federation stands; the others notice nothing', async () => {
    const name = 'resume-join';
    const here = await operatorOf(name);
    await here.startWorker();
    const monitor = { controllerManager: { extraArgs: { 'cluster-monitor-period': '2s' } } };
    const one = { clusters: [{ name: 'member-1', context: 'member-1' }] };
    succeeded(await here.fedctl('up', '-f', await here.spec(name, { spec: { ...monitor, ...one } })));
    const others = async (): Promise<Record<string, string>> => {
      const seen = await picture(here, ['member-1']);
      // Bookkeeping of the host changes with every run.
      return Object.fromEntries(
        Object.entries(seen).filter(([key]) => !/fedctl-|cluster-member-2|\/member-2/.test(key)),
      );
    };
    const stood = await others();

    const both = await here.spec(name, { spec: monitor }, 'both.yaml');
    succeeded(await here.fedctl('join', '-f', both));
    const ready = async (): Promise<string[]> => {
      const table = await here.kubectl('federation-cluster', 'get', 'clusters', '--no-headers');
      return table.split('\n').map((line) => line.split(/\s+/).slice(0, 2).join(' '));
    };
    expect(await ready()).toEqual(['member-1 Ready', 'member-2 Ready']);
    const setting = ['-n', 'kube-system', 'get', 'configmap', 'kube-dns', '-o', 'jsonpath={.data.federations}'];
    expect(await here.kubectl('member-2', ...setting)).toBe(`${name}=${name}.example`);
    expect(await others()).toEqual(stood);

    succeeded(await here.fedctl('unjoin', name, 'member-2', '--yes'));
    expect(await ready()).toEqual(['member-1 Ready']);
    expect(await here.kubectl('member-2', ...setting)).toBe('');
    const left = (await namesOf(here, ['member-2'])).filter((object) => object.startsWith('member-2 '));
    expect(left).toEqual(before.filter((object) => object.startsWith('member-2 ')));
    expect(await others()).toEqual(stood);
    const made = await timesMade(auditsOf(layout, members), name);
    expect(Object.entries(made).filter(([, times]) => times !== 1)).toEqual([]);

    succeeded(await here.fedctl('down', name, '--yes', '--volumes', 'delete'));
    await asBefore(first, members, before);
  }, 600_000);
});
