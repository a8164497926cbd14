import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { descriptions } from '../../src/run/messages.ts';
import { Chromium } from './browser.ts';
import { tellCloud } from '../e2e/cloud.ts';
import { endedWith, succeeded } from '../e2e/runs.ts';
import { TemporalUi } from './temporal-ui.ts';
import { Operator } from '../e2e/world.ts';

const name = 'myfederation';
const run = `federation/${name}`;
const member = `${run}/clusters/member-2`;
/** Blocked steps stay blocked until somebody says retry: nothing here is fixed by the run's own next attempt. */
const patient = { FEDCTL_PARKED_RETRY_MS: '3600000' };
/** Of the documentation: everything that waits for you. */
const waiting = 'FedctlStatus = "blocked" AND ExecutionStatus = "Running"';

let operator: Operator;
let browser: Chromium;
let ui: TemporalUi;

const sandboxMember = async (verb: 'stop' | 'start', of: string): Promise<void> =>
  succeeded(await operator.fedctl('sandbox', 'member', verb, of));

/** The sandbox's cloud is told of members by the same ConfigMap: they stay as they are. */
const giveAddresses = (): Promise<string> => {
  const cloud = ['patch', 'configmap', 'sandbox-cloud', '-n', 'kube-system', '--type=merge'];
  return operator.kubectl('host', ...cloud, '-p', '{"data":{"loadBalancers":null}}');
};

beforeAll(async () => {
  operator = await Operator.create('ui');
  browser = await Chromium.open();
  ui = new TemporalUi(browser.page, operator.env['FEDCTL_TEMPORAL_UI'] ?? '');
  await operator.startWorker(patient);
}, 120_000);
afterEach(async () => {
  await tellCloud(operator, undefined);
  await sandboxMember('start', 'member-2');
  const down = ['down', name, '--context', 'host', '-n', name, '--yes', '--volumes', 'delete', '--cancel-first'];
  const { code, stderr } = await operator.fedctl(...down);
  // What was rolled back is no federation any more.
  if (!stderr.includes(`no federation ${name} in namespace`)) expect({ code, stderr }).toMatchObject({ code: 0 });
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await operator?.close();
});

describe('the Temporal UI', () => {
  it('is enough to find a run that waits, to see why, to pause it, to retry it, and to see it end', async () => {
    // Others may have turned up and down a federation of this name before.
    const since = new Date().toISOString();
    await tellCloud(operator, { loadBalancers: 'withhold' });
    await sandboxMember('stop', 'member-2');
    const waits = { loadBalancer: '3s', reach: '3s' };
    const file = await operator.spec(name, {
      spec: { policy: { waits }, controllerManager: { extraArgs: { 'cluster-monitor-period': '2s' } } },
    });
    endedWith(await operator.fedctl('up', '-f', file), 6);

    // The run that waits, and why it does.
    expect(await ui.list(waiting, [run])).toEqual([run]);
    await browser.picture('temporal-ui-blocked-runs', 560);
    await ui.open(run);
    await ui.page.getByText('apiserver/address (host): next automatic attempt').first().waitFor();
    await ui.page
      .getByText('ensureApiserverService • apiserver/service (host): Expose federation-apiserver')
      .first()
      .waitFor();
    const why = await ui.reads(
      `up ${name}: blocked since 20`,
      'Blocked at apiserver/address. After the fix: Update retry.',
      /apiserver\/address \(NO_ADDRESS\) since 20\S+ \S+ UTC: Service federation-apiserver has no load balancer address/,
      /control-plane \d+ of \d+ ❚❚ blocked apiserver\/address/,
      'clusters 0 of 2 ·',
      /host cluster\s+host/,
    );
    expect(why).toMatch(/member-1 pending\s+member-2 pending/);
    await browser.picture('temporal-ui');

    // Steered from here: paused and resumed; what cannot be done is refused with its reason.
    await ui.send('pause', '');
    await ui.reads(`up ${name}: paused`);
    expect(await ui.sendRefused('pause', '{}')).toContain('the run is paused already');
    await ui.send('resume', '{}');
    await ui.reads(`up ${name}: blocked since 20`);
    expect(await ui.sendRefused('skip', '{"step": "apiserver/address"}')).toContain(
      'step apiserver/address cannot be skipped: later steps build on it',
    );

    // Fixed, and retried from here.
    await giveAddresses();
    const form = await ui.updates();
    for (const update of ['retry', 'skip', 'pause', 'resume', 'cancel', 'amend'] as const)
      await ui.page
        .getByRole('option', { name: new RegExp(`^${update}\\b`) })
        .getByText(descriptions[update])
        .waitFor();
    await browser.picture('temporal-ui-updates');
    await ui.fill(form, 'retry', '{"steps": ["apiserver/address"]}');
    await browser.picture('temporal-ui-retry');
    await ui.submit(form);

    // It goes on to a member that is away: the run says so, and why; the member's own run is found by its name.
    const blocked = await ui.reads(
      'Blocked at clusters/member-2/reach.',
      /clusters\/member-2\/reach \(MEMBER_UNREACHABLE\)/,
      'clusters 1 of 2 ❚❚ blocked member-2',
      /member-2 blocked clusters\/member-2\/reach\s+member-1 ready/,
    );
    expect(blocked).toMatch(/control-plane (\d+) of \1 ✔/);
    await browser.picture('temporal-ui-member');
    expect(await ui.list(waiting, [run, member])).toEqual([member, run]);
    await ui.open(member);
    await ui.reads(`Join member-2`, `up ${name} · member-2: blocked since 20`, 'Member member-2 of federation');
    await sandboxMember('start', 'member-2');
    await ui.send('retry', '{}');
    await ui.reads(`up ${name} · member-2: completed`);

    // The end, and what was there of it all.
    const all = [member, `${run}/clusters/member-1`, run];
    const done = `FedctlFederation = "${name}" AND FedctlStatus = "completed" AND FedctlPhase = "done"`;
    const over = `${done} AND StartTime >= "${since}"`;
    expect((await ui.list(over, all)).toSorted()).toEqual(all.toSorted());
    await ui.open(run);
    await ui.page.getByText('Join member-2').first().waitFor();
    await browser.picture('temporal-ui-timeline');
    const end = await ui.reads(`up ${name}: completed`, 'clusters 2 of 2 ✔', /member-1 ready\s+member-2 ready/);
    expect(end).not.toMatch(/blocked (clusters|apiserver)\//);
    await ui.tab('Search Attributes');
    for (const text of ['FedctlStatus', 'FedctlPhase', 'FedctlFederation'])
      await ui.page.getByText(text).first().waitFor();
    succeeded(await operator.fedctl('up', '-f', file));
  }, 600_000);

  it('is enough to skip a step, and to cancel a run with all that it made', async () => {
    await tellCloud(operator, { loadBalancers: 'withhold' });
    const file = await operator.spec(name, {
      spec: {
        clusters: [],
        dns: null,
        etcd: { storageClassName: 'no-such' },
        policy: { waits: { loadBalancer: '3s', claim: '3s' } },
      },
    });
    endedWith(await operator.fedctl('up', '-f', file), 6);
    await ui.list(waiting, [run]);
    await ui.open(run);
    await ui.reads('Blocked at preflight/storage.');
    await ui.send('skip', '{"step": "preflight/storage"}');
    await ui.reads(/Blocked at .*apiserver\/address/, /preflight (\d+) of \1 ✔/);
    expect(await operator.kubectl('host', 'get', 'namespace', name, '-o', 'name')).toBe(`namespace/${name}`);
    await ui.send('cancel', '{"rollback": true, "by": "the Temporal UI"}');
    await ui.reads(`up ${name}: cancelled`);
    expect(await operator.kubectl('host', 'get', 'namespace', name, '--ignore-not-found')).toBe('');
    await ui.tab('History');
    await ui.page.getByText('cancelled by the Temporal UI; what this run made is undone').first().waitFor();
  }, 300_000);
});
