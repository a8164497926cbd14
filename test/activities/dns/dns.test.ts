import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DnsSpec } from '../../../activities/clients/dns/port.ts';
import { dnsActivities } from '../../../activities/dns/dns.ts';
import { dnsProvider } from '../../../activities/dns/provider.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { type CloudDns, startCloudDns } from '../../helpers/dns/cloud-dns.ts';
import { type HostCallGiven, type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf } from '../../helpers/kubernetes/member-world.ts';
import { type PowerDnsServer, startPowerDns } from '../../helpers/dns/powerdns.ts';
import { aSpec } from '../../helpers/common/spec.ts';
import { undoOf } from '../../helpers/common/undo.ts';
import { createResolver, notServing } from '../../../activities/clients/dns/resolver.ts';
import { Resolver } from 'node:dns/promises';

type HostDns = ReturnType<typeof dnsActivities>;

let kube: Awaited<ReturnType<typeof startKubeApiserver>>;
let server: PowerDnsServer;
let cloud: CloudDns;
let world: HostWorld;
let activities: HostDns;
let count = 0;
let zone = '';

beforeAll(async () => {
  [kube, server, cloud] = await Promise.all([startKubeApiserver(), startPowerDns(), startCloudDns()]);
}, 120_000);
afterAll(() => Promise.all([kube?.stop(), server?.stop(), cloud?.stop()]));
beforeEach(async () => {
  world = await hostWorld(kube);
  activities = dnsActivities(world.deps);
  count += 1;
  zone = `zone-${count}.example.`;
});

const dnsSpec = (over: Partial<DnsSpec> = {}): { dns: DnsSpec } => {
  const dns = {
    provider: 'powerdns',
    zone,
    domain: zone.slice(0, -1),
    endpoint: server.url,
    credentialsFile: server.keyFile,
    resolvers: [server.address],
    ...over,
  };
  return { dns: aSpec({ spec: { dns } }).dns! };
};
const google = (): Partial<DnsSpec> => ({
  provider: 'google-clouddns',
  endpoint: cloud.url,
  credentialsFile: cloud.keyFile,
  project: cloud.project,
});
const given = (over: Partial<DnsSpec> = {}, more: HostCallGiven = {}): HostCallGiven => ({
  spec: dnsSpec(over),
  waitMs: 10_000,
  ...more,
});
const provider = () => dnsProvider(dnsSpec().dns, {});
const ensureZone = (call: HostCallGiven = given()) => world.act(activities.ensureZone, world.call('dns/zone', call));
const removeZone = (call: HostCallGiven = given()) =>
  world.act(activities.removeZone, undoOf(world.call('dns/zone', call)));

describe('the zone', () => {
  it('is made once, answers at once, and goes as it came', async () => {
    const first = await ensureZone();
    expect(first).toMatchObject({ outcome: 'created', facts: { nameServers: [`ns1.${zone}`] } });
    const asked = createResolver();
    expect(notServing(await asked.ask(server.address, zone, 'SOA'), server.address, zone)).toBe('');
    expect(await ensureZone()).toMatchObject({ outcome: 'kept', facts: first.facts });
    expect((await world.ledger()).filter(({ kind }) => kind === 'Zone')).toHaveLength(1);
    expect(await removeZone()).toMatchObject({ outcome: 'removed' });
    expect(await removeZone()).toMatchObject({ outcome: 'removed' });
    expect(await (await provider()).find(zone)).toEqual([]);
    expect((await world.ledger()).filter(({ kind }) => kind === 'Zone')).toEqual([]);
  });

  it('of somebody else is used and stays', async () => {
    await (await provider()).create(zone, 'another-federation');
    expect(await ensureZone(given({ createZone: false }))).toMatchObject({ outcome: 'kept' });
    expect((await removeZone()).note).toContain('not ours');
    expect(await (await provider()).find(zone)).toHaveLength(1);
  });

  it('that is not there and shall not be made is named before any write', async () => {
    const call = world.call('preflight/dns', given({ createZone: false }));
    expect(await failureOf(world.act(activities.checkDns, call))).toMatchObject({ type: 'DNS_ZONE_NOT_FOUND' });
    expect(await (await provider()).find(zone)).toEqual([]);
  });

  it('that is delegated to name servers of another account is not made a second time', async () => {
    await (await provider()).create(zone, 'another-account');
    const preflight = (over: Partial<DnsSpec>) =>
      world.act(activities.checkDns, world.call('preflight/dns', given({ ...google(), ...over })));
    const why = await failureOf(preflight({}));
    expect(why).toMatchObject({ type: 'DNS_ZONE_ELSEWHERE' });
    expect(why.message).toContain(`ns1.${zone}`);
    expect((await preflight({ delegation: 'ignore' })).note).toContain('will be created');
    expect((await preflight({ nameServers: [`ns1.${zone}`] })).note).toContain('will be created');
  });

  it('waits for name servers that do not answer, and says which', async () => {
    const silent = given({ resolvers: [server.address, '127.0.0.1:1'] }, { waitMs: 0 });
    const why = await failureOf(ensureZone(silent));
    expect(why).toMatchObject({ type: 'DNS_ZONE_PENDING' });
    expect(why.message).toContain('127.0.0.1:1 returned no SOA');
  });

  it('of several of its name is the one that dns.zoneId names', async () => {
    const over = { ...google(), resolvers: [] as string[], visibility: 'private' as const, network: 'default' };
    const at = await dnsProvider(dnsSpec(over).dns, {});
    const one = await at.create(zone, 'first-federation');
    const two = await at.create(zone, 'second-federation');
    const why = await failureOf(ensureZone(given(over)));
    expect(why).toMatchObject({ type: 'DNS_ZONE_AMBIGUOUS' });
    expect(why.message).toContain(one.id);
    expect(why.message).toContain(two.id);
    expect((await ensureZone(given({ ...over, zoneId: two.id }))).facts.zoneId).toBe(two.id);
    expect(await failureOf(ensureZone(given({ ...over, zoneId: 'no-such-id' })))).toMatchObject({
      type: 'DNS_ZONE_NOT_FOUND',
    });
  });

  it('is made at Cloud DNS too, where the name servers asked are those of dns.resolvers', async () => {
    await (await provider()).create(zone, 'shadow');
    const made = await ensureZone(given(google()));
    expect(made.outcome).toBe('created');
    expect(made.facts.nameServers).toHaveLength(4);
    expect(await removeZone(given(google()))).toMatchObject({ outcome: 'removed' });
  });
});

describe('the delegation', () => {
  const check = (over: Partial<DnsSpec>, nameServers: string[], waitMs = 0) =>
    world.act(
      activities.checkDelegation,
      world.call('dns/delegation', given(over, { waitMs, facts: { nameServers } })),
    );

  it('is nobody’s business with a private zone', async () => {
    const done = await check({ visibility: 'private', network: 'default', delegation: 'require' }, ['ns.example.']);
    expect(done.note).toContain('private');
  });
});

describe('the name of the control plane', () => {
  const call = (address: string, kind: 'ip' | 'hostname', more: HostCallGiven = {}) =>
    world.call('dns/apiserver-record', given({}, { facts: { zoneId: zone, address, kind }, ...more }));
  const ensure = (...args: Parameters<typeof call>) => world.act(activities.ensureApiserverRecord, call(...args));
  const asked = (): Resolver => {
    const resolver = new Resolver({ timeout: 2_000, tries: 2 });
    resolver.setServers([server.address]);
    return resolver;
  };
  const name = (): string => names.apiserverRecord(zone);

  it('points at an address, follows it to another kind of address, and is kept while it is right', async () => {
    await ensureZone();
    expect(await ensure('192.0.2.7', 'ip')).toMatchObject({ outcome: 'created' });
    expect(await asked().resolve4(name())).toEqual(['192.0.2.7']);
    expect(await ensure('192.0.2.7', 'ip')).toMatchObject({ outcome: 'kept' });
    expect(await ensure('192.0.2.8', 'ip')).toMatchObject({ outcome: 'updated' });
    expect(await ensure('LB.cloud.example', 'hostname')).toMatchObject({ outcome: 'updated' });
    expect(await asked().resolveCname(name())).toEqual(['lb.cloud.example']);
    expect(await ensure('2001:db8::7', 'ip')).toMatchObject({ outcome: 'updated' });
    expect(await asked().resolve6(name())).toEqual(['2001:db8::7']);
    const remove = () => world.act(activities.removeApiserverRecord, undoOf(call('2001:db8::7', 'ip')));
    expect(await remove()).toMatchObject({ outcome: 'removed' });
    expect(await remove()).toMatchObject({ outcome: 'kept' });
    expect(await removeZone()).toMatchObject({ outcome: 'removed' });
  });

  it('is never written over what somebody else put there, nor taken away with it', async () => {
    const made = await (await provider()).create(zone, 'another-federation');
    await (await provider()).ensureRecord(made, { name: name(), type: 'A', ttl: 60, values: ['198.51.100.1'] });
    const why = await failureOf(ensure('192.0.2.7', 'ip'));
    expect(why).toMatchObject({ type: 'DNS_RECORD_TAKEN' });
    expect(why.message).toContain('198.51.100.1');
    await world.act(activities.removeApiserverRecord, undoOf(call('192.0.2.7', 'ip')));
    expect(await asked().resolve4(name())).toEqual(['198.51.100.1']);
  });

  it('stays with a rollback of a run that did not make it', async () => {
    await ensureZone();
    await ensure('192.0.2.7', 'ip');
    // As an earlier run, which holds the Lease no more, would have written it.
    const ledger = { apiVersion: 'v1', kind: 'ConfigMap', name: 'fedctl-ledger', namespace: world.namespace };
    const data = (await world.read('v1', 'ConfigMap', 'fedctl-ledger'))!['data'] as Record<string, string>;
    const earlier = Object.entries(data).map(([key, text]) => [key, text.replace(world.run.firstRunId, 'earlier-run')]);
    await world.host.mergePatch(ledger, { data: Object.fromEntries(earlier) });
    const later = { run: { rollback: true } };
    await world.act(activities.removeApiserverRecord, undoOf(call('192.0.2.7', 'ip', later)));
    expect(await asked().resolve4(name())).toEqual(['192.0.2.7']);
  });
});
