import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DnsSpec } from '../../../activities/clients/dns/port.ts';
import { dnsActivities } from '../../../activities/dns/dns.ts';
import { dnsProvider } from '../../../activities/dns/provider.ts';
import { recordActivities } from '../../../activities/core/record.ts';
import { type CloudDns, startCloudDns } from '../../helpers/dns/cloud-dns.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../../helpers/faults/proxy.ts';
import { type HostCallGiven, type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf } from '../../helpers/kubernetes/member-world.ts';
import { type Moto, rememberingReferences, startMoto } from '../../helpers/dns/moto.ts';
import { type PowerDnsServer, startPowerDns } from '../../helpers/dns/powerdns.ts';
import { aSpec } from '../../helpers/common/spec.ts';
import { undoOf } from '../../helpers/common/undo.ts';

let kube: Awaited<ReturnType<typeof startKubeApiserver>>;
let shadow: PowerDnsServer;
let moto: Moto;
let cloud: CloudDns;
let route53: FaultProxy;
let powerdns: FaultProxy;
let world: HostWorld;
let activities: ReturnType<typeof dnsActivities>;
let zone = '';
let count = 0;
const credentialsFile = join(mkdtempSync(join(tmpdir(), 'fedctl-aws-')), 'credentials');

beforeAll(async () => {
  [kube, shadow, moto, cloud] = await Promise.all([
    startKubeApiserver(),
    startPowerDns(),
    startMoto(),
    startCloudDns(),
  ]);
  route53 = await startFaultProxy(moto.url, rememberingReferences());
  powerdns = await startFaultProxy(shadow.url);
  writeFileSync(credentialsFile, '[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = test\n');
}, 300_000);
afterAll(() =>
  Promise.all([kube?.stop(), shadow?.stop(), moto?.stop(), cloud?.stop(), route53?.stop(), powerdns?.stop()]),
);
beforeEach(async () => {
  count += 1;
  zone = `life-${count}.example.`;
  world = await hostWorld(kube);
  activities = dnsActivities(world.deps);
});

type Over = Partial<DnsSpec>;
const specOf = (over: Over): DnsSpec => {
  const dns = { provider: 'aws-route53', zone, domain: (over.zone ?? zone).slice(0, -1), ...over };
  const access = { endpoint: route53.url, credentialsFile, resolvers: [shadow.address] };
  return aSpec({ spec: { dns: { ...access, ...dns } } }).dns!;
};
const atPowerDns = (): Over => ({ provider: 'powerdns', endpoint: powerdns.url, credentialsFile: shadow.keyFile });
const atCloudDns = (): Over => ({
  provider: 'google-clouddns',
  endpoint: cloud.url,
  credentialsFile: cloud.keyFile,
  project: cloud.project,
});
/** Who answers for a zone of an emulator, which has no name servers of its own. */
const answering = async (name = zone): Promise<void> => {
  const dns = specOf({ ...atPowerDns(), endpoint: shadow.url, zone: name, domain: name.slice(0, -1) });
  await (await dnsProvider(dns, {})).create(name, 'shadow');
};
const given = (over: Over, more: HostCallGiven = {}): HostCallGiven => ({
  spec: { dns: specOf(over) },
  waitMs: 10_000,
  ...more,
});
const ensure = (over: Over = {}, more: HostCallGiven = {}) =>
  world.act(activities.ensureZone, world.call('dns/zone', given(over, more)));
const remove = (over: Over = {}, more: HostCallGiven = {}) =>
  world.act(activities.removeZone, undoOf(world.call('dns/zone', given(over, more))));
const at = (over: Over = {}) => dnsProvider(specOf(over), {});
const zonesNow = async (over: Over = {}): Promise<string[]> =>
  (await (await at(over)).find(over.zone ?? zone)).map(({ id }) => id);
const entries = async () => (await world.ledger()).filter(({ kind }) => kind === 'Zone' || kind === 'Record');
/** What lists at Route 53 show while they lag. */
const emptyList: Fault = {
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: '<?xml version="1.0"?><ListHostedZonesByNameResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZones></HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>',
};
const pendingChange: Fault = {
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: '<?xml version="1.0"?><GetChangeResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-11-24T12:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>',
};

/** The next run takes over, as after `down` and `up`. */
async function nextRun(firstRunId: string): Promise<HostCallGiven> {
  world.deps.runs.isOpen = async () => false;
  const run = { firstRunId };
  await world.act(recordActivities(world.deps).ensureRecord, world.call('host/record', { run }));
  return { run };
}

describe('a zone at Route 53, which takes no reference twice', () => {
  beforeEach(() => answering());

  it('is made again by the run after the one that took it away', async () => {
    expect(await ensure()).toMatchObject({ outcome: 'created' });
    expect(await remove()).toMatchObject({ outcome: 'removed' });
    const next = await nextRun('second-run');
    expect(await ensure({}, next)).toMatchObject({ outcome: 'created' });
    expect(await zonesNow()).toHaveLength(1);
  });

  it('is made again when somebody removed it by hand, even within the same run', async () => {
    const { facts } = await ensure();
    await (await at()).remove({ id: facts.zoneId, name: zone, nameServers: [], federation: '' });
    const again = await ensure();
    expect(again.outcome).toBe('created');
    expect(again.facts.zoneId).not.toBe(facts.zoneId);
    expect((await entries()).map(({ uid }) => uid)).toEqual([again.facts.zoneId]);
  });

  it('is made once although the answer was lost and lists lag', async () => {
    route53.fail('POST', 'answer lost');
    expect(await failureOf(ensure())).toMatchObject({ type: 'UNREACHABLE' });
    route53.fail('GET', emptyList, emptyList);
    expect(await failureOf(ensure())).toMatchObject({ type: 'DNS_ZONE_UNSEEN', nonRetryable: false });
    expect((await ensure()).outcome).toBe('kept');
    const standing = await zonesNow();
    expect(standing).toHaveLength(1);
    expect((await entries()).map(({ uid }) => uid)).toEqual(standing);
  });

  it('is read by its id where the ledger has it and the lists do not', async () => {
    const { facts } = await ensure();
    const before = route53.requests.length;
    route53.fail('GET', emptyList);
    expect((await ensure()).facts.zoneId).toBe(facts.zoneId);
    expect(route53.requests.slice(before).filter((line) => line.startsWith('POST'))).toEqual([]);
  });

  it('is waited for by another worker too, when the first died before it was in sync', async () => {
    route53.fail('GET', emptyList, emptyList, pendingChange);
    const why = await failureOf(ensure({}, { waitMs: 0 }));
    expect(why).toMatchObject({ type: 'DNS_ZONE_PENDING' });
    expect(why.message).toContain('is still applying change');
    expect((await entries())[0]?.uid).toMatch(/^pending:\S+ \S+$/);
    const before = route53.requests.length;
    const { facts } = await ensure();
    expect(route53.requests.slice(before).some((line) => line.includes('/change/'))).toBe(true);
    expect((await entries()).map(({ uid }) => uid)).toEqual([facts.zoneId]);
  });
});

describe('a turn-down', () => {
  it('waits until the name servers of Route 53 have heard of it, also when another worker goes on', async () => {
    await answering();
    const { facts } = await ensure();
    route53.fail('GET /change/', pendingChange, pendingChange);
    expect(await failureOf(remove({}, { waitMs: 0 }))).toMatchObject({ type: 'DNS_ZONE_PENDING' });
    expect(await zonesNow()).toEqual([]);
    // The zone is gone, so only the ledger knows what there is to wait for.
    expect((await entries()).map(({ uid }) => uid)).toEqual([expect.stringMatching(`^pending:\\S+ ${facts.zoneId}$`)]);
    expect(await failureOf(remove({}, { waitMs: 0 }))).toMatchObject({ type: 'DNS_ZONE_PENDING' });
    expect(await remove()).toMatchObject({ outcome: 'removed', note: `zone ${zone} is gone` });
    expect(route53.forget()).toBe(0);
    expect(await entries()).toEqual([]);
  });

  it('takes away the zone that the ledger has, although the spec names another by now', async () => {
    const other = `other-${count}.example.`;
    await Promise.all([answering(), answering(other)]);
    await ensure();
    await (await at({ zone: other })).create(other, 'another-federation');
    const done = await remove({ zone: other });
    expect(done.outcome).toBe('removed');
    expect(done.note).toContain(`zone ${zone} removed`);
    expect(done.note).toContain(`zone ${other} is not ours and is kept`);
    expect([await zonesNow(), (await zonesNow({ zone: other })).length]).toEqual([[], 1]);
    expect(await entries()).toEqual([]);
  });

  it('ends where the zone of dns.zoneId is gone, and others have its name', async () => {
    await answering();
    const { facts } = await ensure();
    for (const rival of ['first', 'second']) await (await at()).create(zone, rival);
    await (await at()).remove({ id: facts.zoneId, name: zone, nameServers: [], federation: '' });
    expect((await remove({ zoneId: facts.zoneId })).note).toBe(`zone ${zone} is not ours and is kept`);
    expect([(await zonesNow()).length, await entries()]).toEqual([2, []]);
  });

  it('takes away the zone at a provider that the spec no longer names, with what the worker has for it', async () => {
    const nameServers = ['ns1.example.net.'];
    expect(await ensure({ ...atPowerDns(), nameServers })).toMatchObject({ outcome: 'created' });
    expect(await failureOf(remove())).toMatchObject({ type: 'DNS_ENDPOINT_MISSING' });
    world.deps.env['PDNS_API_URL'] = shadow.url;
    world.deps.env['PDNS_API_KEY_FILE'] = shadow.keyFile;
    expect((await remove()).outcome).toBe('removed');
    expect([await zonesNow({ ...atPowerDns(), endpoint: shadow.url }), await entries()]).toEqual([[], []]);
  });

  it('keeps the entry of a zone that it keeps', async () => {
    await answering();
    await ensure();
    const call = undoOf(world.call('dns/zone', given({})), { keepZone: true });
    expect(await world.act(activities.removeZone, call)).toMatchObject({ outcome: 'kept' });
    expect([(await zonesNow()).length, (await entries()).length]).toEqual([1, 1]);
  });
});

describe('preflight', () => {
  it('knows the zone of its federation among several of a name, although no run has told it who it is', async () => {
    for (const maker of [world.run.uuid, 'another-federation']) await (await at(atCloudDns())).create(zone, maker);
    const check = (federation: string) => {
      const run = { uuid: '', federation };
      return world.act(activities.checkDns, world.call('preflight/dns', given(atCloudDns(), { run })));
    };
    expect((await check('myfederation')).note).toBe(`zone ${zone} stands`);
    expect(await failureOf(check('other'))).toMatchObject({ type: 'DNS_ZONE_AMBIGUOUS' });
  });
});

describe('at the same moment', () => {
  it('a rival’s zone at PowerDNS is not called ours', async () => {
    const rival = await dnsProvider(specOf({ ...atPowerDns(), endpoint: shadow.url }), {});
    await rival.create(zone, 'a-rival');
    powerdns.fail('GET', { status: 200, body: '[]' });
    const done = await ensure(atPowerDns());
    expect(done).toMatchObject({ outcome: 'kept', note: expect.stringContaining('existed before') });
    expect(await entries()).toEqual([]);
  });
});

describe('the record of the control plane', () => {
  const record = (zoneId: string, address: string, more: HostCallGiven = {}) =>
    world.call('dns/apiserver-record', given(atCloudDns(), { facts: { zoneId, address, kind: 'ip' }, ...more }));

  it('is waited for by another worker, and waited for again when it goes', async () => {
    const { id } = await (await at(atCloudDns())).create(zone, world.run.uuid);
    cloud.looksUntilDone = 3;
    const first = world.act(activities.ensureApiserverRecord, record(id, '192.0.2.7', { waitMs: 0 }));
    expect(await failureOf(first)).toMatchObject({ type: 'DNS_ZONE_PENDING' });
    expect((await entries())[0]?.uid).toBe('pending:1 A 192.0.2.7');
    const second = await world.act(activities.ensureApiserverRecord, record(id, '192.0.2.7'));
    expect([second.outcome, cloud.looksUntilDone]).toEqual(['kept', 0]);
    expect((await entries())[0]?.uid).toBe('A 192.0.2.7');
    cloud.looksUntilDone = 1;
    await world.act(activities.removeApiserverRecord, undoOf(record(id, '192.0.2.7')));
    expect([cloud.looksUntilDone, await entries()]).toEqual([0, []]);
  });

  it('goes into the zone of the id it is told, which lists need not show yet', async () => {
    const { id } = await (await at(atCloudDns())).create(zone, world.run.uuid);
    cloud.unlisted.add(id);
    const done = await world.act(activities.ensureApiserverRecord, record(id, '192.0.2.7'));
    expect(done.outcome).toBe('created');
    cloud.unlisted.clear();
  });
});
