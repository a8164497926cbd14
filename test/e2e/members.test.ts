import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { parseDocument } from 'yaml';
import { asBefore, namesOf } from './objects.ts';
import { blockedIn, endedWith, membersIn, type Seen, standingBy, statusOf, stepOf, succeeded, uidOf } from './runs.ts';
import { eventually, Operator } from './world.ts';

const name = 'members';
const members = ['member-1', 'member-2'];
/** Blocked steps stay blocked until somebody says retry. */
const patient = { FEDCTL_PARKED_RETRY_MS: '3600000' };

let operator: Operator;
let before: string[];
let file: string;

const sandboxMember = async (verb: 'stop' | 'start', member: string): Promise<void> =>
  succeeded(await operator.fedctl('sandbox', 'member', verb, member));
/** Ready or not, as reported by the federation's own control plane. */
const readyIn = async (): Promise<Record<string, string>> => {
  const path = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  const lines = await operator.kubectl('federation-cluster', 'get', 'clusters', '-o', `jsonpath=${path}`);
  return Object.fromEntries(lines.split('\n').map((line) => line.split(' ') as [string, string]));
};
const up = (): ReturnType<Operator['fedctl']> => operator.fedctl('up', '-f', file);
const allReady = { 'member-1': 'True', 'member-2': 'True' };

beforeAll(async () => {
  operator = await Operator.create(name);
  before = await namesOf(operator, members);
  const waits = { reach: '3s', clusterReady: '45s' };
  file = await operator.spec(name, {
    spec: { policy: { waits }, controllerManager: { extraArgs: { 'cluster-monitor-period': '2s' } } },
  });
}, 60_000);
afterEach(async () => {
  for (const member of members) await sandboxMember('start', member);
}, 120_000);
afterAll(() => operator?.close());

describe('a member whose API server is away', () => {
  it('delays only itself when it was away before the join, and joins after retry', async () => {
    await operator.startWorker(patient);
    await sandboxMember('stop', 'member-2');
    const sandbox = await operator.fedctl('sandbox', 'status');
    expect(sandbox.stdout).toMatch(/member-2 +gone/);
    endedWith(await up(), 6);
    const seen = await statusOf(operator, name);
    expect(seen.status).toBe('blocked');
    expect(membersIn(seen)).toEqual({ 'member-1': 'ready', 'member-2': 'blocked' });
    expect(blockedIn(seen)).toEqual(['clusters/member-2/reach']);
    expect(await stepOf(operator, name, 'clusters/member-2/reach')).toMatchObject({
      error: { code: 'MEMBER_UNREACHABLE' },
    });
    await sandboxMember('start', 'member-2');
    succeeded(await operator.fedctl('retry', name));
    succeeded(await up());
    expect(await readyIn()).toEqual(allReady);
  }, 300_000);

  it('is seen after the join, and up finds all as it was when it is back', async () => {
    await sandboxMember('stop', 'member-2');
    await eventually(async () => (await readyIn())['member-2'] !== 'True', 'member-2 is not Ready');
    const uid = await uidOf(operator, 'federation-cluster', 'cluster', 'member-2');
    const { standing } = await standingBy(() => operator.fedctl('status', name, '-o', 'json'));
    expect(standing.members.map((one) => [one.name, one.ready, one.clusterDns])).toEqual([
      ['member-1', true, 'told'],
      ['member-2', false, 'unknown'],
    ]);
    expect(standing.members[1]?.clusterDnsWhy).toContain('UNREACHABLE');
    endedWith(await up(), 6);
    expect(blockedIn(await statusOf(operator, name))).toEqual(['clusters/member-2/reach']);
    await sandboxMember('start', 'member-2');
    succeeded(await operator.fedctl('retry', name));
    succeeded(await up());
    expect(await readyIn()).toEqual(allReady);
    expect(await uidOf(operator, 'federation-cluster', 'cluster', 'member-2')).toBe(uid);
  }, 240_000);

  it('is a debt of a turn-down, which closes by itself when the member is back', async () => {
    await operator.endWorkers();
    await operator.startWorker();
    await sandboxMember('stop', 'member-2');
    succeeded(await operator.fedctl('down', name, '--yes', '--volumes', 'delete'));
    const { debts } = await statusOf(operator, name);
    expect(debts.map(({ cluster }) => cluster)).toEqual(['member-2']);
    expect(debts[0]?.objects).toBeGreaterThan(3);
    expect((await operator.fedctl('status', name)).stdout).toContain('member-2');
    const watched = await operator.fedctl('status', name, '--watch', '-o', 'json');
    expect((JSON.parse(watched.stdout) as Seen).debts).toMatchObject(
      debts.map(({ cluster, objects }) => ({ cluster, objects })),
    );
    const events = await operator.fedctl('status', name, '--watch', '-o', 'jsonl');
    expect(events.stdout).toMatch(/"type":"debt".*"cluster":"member-2","status":"owed"/);
    expect(await operator.kubectl('host', '-n', name, 'get', 'deployments', '-o', 'name')).toBe('');

    await sandboxMember('start', 'member-2');
    await asBefore(operator, members, before);
    expect(
      (await operator.fedctl('objects', name, '--context', 'host', '-n', name, '-o', 'json')).stdout,
    ).not.toContain('member-2');
    const args = 'jsonpath={.data.federations}';
    expect(await operator.kubectl('member-2', '-n', 'kube-system', 'get', 'configmap', 'kube-dns', '-o', args)).toBe(
      '',
    );
    endedWith(await operator.fedctl('down', name, '--yes', '--volumes', 'delete', '--context', 'host', '-n', name), 0);
  }, 240_000);

  it('stops its own join in the middle, and nothing is made twice when it goes on', async () => {
    await operator.endWorkers();
    await operator.startWorker(patient);
    // The control plane looks at a new member at its next tick only: time to take the member away.
    file = await operator.spec(name, {
      spec: {
        policy: { waits: { reach: '3s', clusterReady: '3s' } },
        controllerManager: { extraArgs: { 'cluster-monitor-period': '25s' } },
        clusters: [{ name: 'member-2', context: 'member-2' }],
      },
    });
    const detached = await operator.fedctl('up', '-f', file, '--detach');
    succeeded(detached);
    await eventually(
      async () => (await stepOf(operator, name, 'clusters/member-2/register'))?.status === 'done',
      'member-2 is registered',
      120_000,
    );
    const account = ['serviceaccount', `fedctl-${name}-member-2`, '-n', name];
    const uid = await uidOf(operator, 'member-2', ...account);
    await sandboxMember('stop', 'member-2');
    endedWith(await up(), 6);
    const [blocked] = blockedIn(await statusOf(operator, name));
    expect(blocked).toMatch(/^clusters\/member-2\/(ready|cluster-dns|recycle)$/);
    await sandboxMember('start', 'member-2');
    const again = async (): Promise<boolean> => {
      await operator.fedctl('retry', name);
      return (await up()).code === 0;
    };
    await eventually(again, 'the join is done', 120_000);
    expect(await uidOf(operator, 'member-2', ...account)).toBe(uid);
    expect(await readyIn()).toEqual({ 'member-2': 'True' });
  }, 300_000);
});

describe('credentials that a member takes back', () => {
  it('are made anew by up when they are those of the federation', async () => {
    await operator.endWorkers();
    await operator.startWorker(patient);
    file = await operator.spec(name, {
      spec: {
        policy: { waits: { reach: '3s' } },
        controllerManager: { extraArgs: { 'cluster-monitor-period': '2s' } },
        clusters: [{ name: 'member-2', context: 'member-2' }],
      },
    });
    succeeded(await up());
    const token = ['secret', `fedctl-${name}-member-2`, '-n', name];
    const uid = await uidOf(operator, 'member-2', ...token);
    await operator.kubectl('member-2', 'delete', ...token);
    await eventually(async () => (await readyIn())['member-2'] !== 'True', 'the control plane is shut out');
    succeeded(await up());
    expect(await uidOf(operator, 'member-2', ...token)).not.toBe(uid);
    expect(await readyIn()).toEqual({ 'member-2': 'True' });
  }, 240_000);

  it("block up with their name when they are the operator's, and retry goes on after the fix", async () => {
    const kubeconfig = operator.env['KUBECONFIG'] ?? '';
    const good = await readFile(kubeconfig, 'utf8');
    const document = parseDocument(good);
    const users = document.toJS() as { users: { name: string }[] };
    const at = users.users.findIndex((user) => user.name === 'member-2');
    document.setIn(['users', at, 'user'], { token: 'taken-back' });
    await writeFile(kubeconfig, document.toString());
    endedWith(await up(), 6);
    expect(await stepOf(operator, name, 'clusters/member-2/reach')).toMatchObject({
      status: 'blocked',
      error: { code: 'UNAUTHENTICATED', message: expect.not.stringContaining('taken-back') as unknown },
    });
    await writeFile(kubeconfig, good);
    succeeded(await operator.fedctl('retry', name));
    succeeded(await up());
    succeeded(await operator.fedctl('down', name, '--yes', '--volumes', 'delete'));
    await asBefore(operator, members, before);
  }, 240_000);
});
