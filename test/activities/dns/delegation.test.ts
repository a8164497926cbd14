import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Delegation, delegationOf } from '../../../activities/clients/dns/delegation.ts';
import type { DnsProvider, DnsSpec, Zone } from '../../../activities/clients/dns/port.ts';
import { createResolver, type Resolver } from '../../../activities/clients/dns/resolver.ts';
import { dnsActivities } from '../../../activities/dns/dns.ts';
import { dnsProvider } from '../../../activities/dns/provider.ts';
import { type HostWorld, hostWorld } from '../../helpers/kubernetes/host-world.ts';
import { startKubeApiserver } from '../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf } from '../../helpers/kubernetes/member-world.ts';
import { type PowerDnsServer, startPowerDns } from '../../helpers/dns/powerdns.ts';
import { freePort } from '../../helpers/common/processes.ts';
import { aSpec } from '../../helpers/common/spec.ts';

/**
 * `example.` on two servers, and below it the zones of one more: name servers at addresses of their own and at one
 * port, so that they are found by name as anywhere else. Nobody listens at the last address.
 */
const at = { parent: '127.77.0.1', second: '127.77.0.2', child: '127.77.0.3', nobody: '127.77.0.4' };

let kube: Awaited<ReturnType<typeof startKubeApiserver>>;
let parent: PowerDnsServer;
let second: PowerDnsServer;
let child: PowerDnsServer;
let port = 0;
let resolver: Resolver;
let count = 0;
/** The zone of this test. */
let zone = '';
let above: { provider: DnsProvider; zone: Zone }[];
let below: { provider: DnsProvider; zone: Zone };

const specOf = (server: PowerDnsServer, name: string, over: Partial<DnsSpec>): DnsSpec => {
  const dns = { provider: 'powerdns', zone: name, domain: name.slice(0, -1), ...over };
  return aSpec({ spec: { dns: { endpoint: server.url, credentialsFile: server.keyFile, ...dns } } }).dns!;
};
async function made(server: PowerDnsServer, name: string, nameServers: string[]): Promise<typeof below> {
  const provider = await dnsProvider(specOf(server, name, { nameServers }), {});
  return { provider, zone: await provider.create(name, 'uuid') };
}
async function put({ provider, zone: of }: typeof below, name: string, type: string, ...values: string[]) {
  await provider.ensureRecord(of, { name, type, ttl: 60, values });
}
const both = (name: string, type: string, ...values: string[]) =>
  Promise.all(above.map((one) => put(one, name, type, ...values)));
const look = (...nameServers: string[]): Promise<Delegation> =>
  delegationOf(resolver, { name: zone, nameServers }, [`${at.parent}:${port}`]);

beforeAll(async () => {
  port = await freePort();
  [kube, parent, second, child] = await Promise.all([
    startKubeApiserver(),
    startPowerDns({ address: at.parent, port }),
    startPowerDns({ address: at.second, port }),
    startPowerDns({ address: at.child, port }),
  ]);
  resolver = createResolver({ servers: [`${at.parent}:${port}`], port, timeoutMs: 500 });
  above = await Promise.all([parent, second].map((server) => made(server, 'example.', ['a.example.', 'b.example.'])));
  await both('a.example.', 'A', at.parent);
  await both('b.example.', 'A', at.second);
  await both('ns1.example.', 'A', at.child);
  await both('ns2.example.', 'A', at.child);
  await both('gone.example.', 'A', at.nobody);
}, 120_000);
afterAll(() => Promise.all([kube?.stop(), parent?.stop(), second?.stop(), child?.stop()]));
beforeEach(async () => {
  count += 1;
  zone = `zone-${count}.example.`;
  below = await made(child, zone, ['ns1.example.', 'ns2.example.']);
});

describe('what the zone above says of a zone', () => {
  it('is right, whatever the order', async () => {
    await both(zone, 'NS', 'ns2.example.', 'ns1.example.');
    expect(await look('ns1.example.', 'ns2.example.')).toMatchObject({
      state: 'right',
      shown: ['ns1.example.', 'ns2.example.'],
      problems: [],
    });
  });

  it('is missing, although the zone itself has NS records', async () => {
    const seen = await look('ns1.example.', 'ns2.example.');
    expect(seen).toMatchObject({ state: 'missing', shown: [], problems: ['example. does not delegate to it'] });
    expect(seen.records).toEqual([`${zone} IN NS ns1.example.`, `${zone} IN NS ns2.example.`]);
  });

  it('is wrong with other name servers, and with only some of them', async () => {
    await both(zone, 'NS', 'gone.example.');
    const other = await look('ns1.example.', 'ns2.example.');
    expect(other).toMatchObject({ state: 'wrong', serving: [] });
    expect(other.problems.join()).toContain('delegated to gone.example.');
    await both(zone, 'NS', 'ns1.example.');
    expect(await look('ns1.example.', 'ns2.example.')).toMatchObject({
      state: 'wrong',
      problems: ['delegated to ns1.example.'],
    });
  });

  it('is wrong while one of its servers still says something else', async () => {
    await put(above[0]!, zone, 'NS', 'ns1.example.', 'ns2.example.');
    expect(await look('ns1.example.', 'ns2.example.')).toMatchObject({
      state: 'wrong',
      problems: ['b.example. still delegates to nobody'],
    });
    await put(above[1]!, zone, 'NS', 'ns1.example.');
    expect((await look('ns1.example.', 'ns2.example.')).problems).toEqual([
      'b.example. still delegates to ns1.example.',
    ]);
  });

  it('is wrong with a name server that is not there, or that does not have the zone', async () => {
    await both(zone, 'NS', 'ns1.example.', 'gone.example.');
    const away = await look('gone.example.', 'ns1.example.');
    expect(away).toMatchObject({ state: 'wrong', serving: ['ns1.example.'] });
    expect(away.problems.join()).toMatch(/gone\.example\. does not serve it .*ECONNREFUSED/);
    await both(zone, 'NS', 'ns1.example.', 'a.example.');
    expect((await look('a.example.', 'ns1.example.')).problems.join()).toMatch(/^a\.example\. does not serve it/);
  });

  it('is wrong without the address of a name server inside the zone', async () => {
    const inside = `ns.${zone}`;
    await put(below, inside, 'A', at.child);
    await both(zone, 'NS', inside);
    const bare = await delegationOf(resolver, { name: zone, nameServers: [inside] }, [`${at.parent}:${port}`]);
    expect(bare).toMatchObject({ state: 'wrong' });
    expect(bare.problems.join()).toContain(`the address of ${inside} (glue) is missing`);
    expect(bare.records).toEqual([`${zone} IN NS ${inside}`, `${inside} IN A <its address>`]);
    await both(inside, 'A', at.child);
    expect(await look(inside)).toMatchObject({ state: 'right', problems: [] });
    await both(inside, 'A', at.nobody);
    expect((await look(inside)).problems.join()).toContain(`${inside} does not serve it`);
  });

  it('is read to its end where it does not fit into a packet', async () => {
    const many = Array.from(
      { length: 30 },
      (_, n) => `a-rather-long-name-of-a-server-${String(n).padStart(2, '0')}.example.`,
    );
    for (const name of many) await both(name, 'A', at.child);
    await both(zone, 'NS', ...many);
    expect(await look(...many)).toMatchObject({ state: 'right', shown: many });
  }, 30_000);

  it('is not known where nobody tells of the zone above, or none of its servers answers', async () => {
    const blind = await delegationOf(resolver, { name: zone, nameServers: [] }, [`${at.child}:${port}`]);
    expect(blind).toMatchObject({ state: 'unknown', problems: [`no resolver knows the zone above ${zone}`] });
    const elsewhere = createResolver({ port: await freePort(), timeoutMs: 200 });
    const silent = await delegationOf(elsewhere, { name: zone, nameServers: [] }, [`${at.parent}:${port}`]);
    expect(silent.problems.join()).toContain('no name server of example. answers (a.example., b.example.)');
  });
});

describe('the steps', () => {
  let world: HostWorld;
  let activities: ReturnType<typeof dnsActivities>;
  beforeEach(async () => {
    world = await hostWorld(kube);
    world.deps.resolver = resolver;
    activities = dnsActivities(world.deps);
  });
  const given = (over: Partial<DnsSpec>, more: object = {}) => ({
    spec: { dns: specOf(child, zone, over) },
    waitMs: 0,
    ...more,
  });
  const zoneStep = (over: Partial<DnsSpec> = {}) =>
    world.act(activities.ensureZone, world.call('dns/zone', given(over)));
  const check = (over: Partial<DnsSpec>) => {
    const facts = { nameServers: ['ns1.example.', 'ns2.example.'] };
    return world.act(activities.checkDelegation, world.call('dns/delegation', given(over, { facts })));
  };
  const preflight = (over: Partial<DnsSpec>) =>
    world.act(activities.checkDns, world.call('preflight/dns', given(over)));

  it('ask every name server by the addresses of its name, and forgive a family that the worker does not have', async () => {
    expect((await zoneStep()).note).not.toContain('not reached');
    await both('six.example.', 'A', at.child);
    await both('six.example.', 'AAAA', '2001:db8::53');
    await put(below, zone, 'NS', 'six.example.');
    expect((await zoneStep()).note).toContain('; IPv6 of six.example. not reached');
  });

  it('wait for a name server without an address, for one that is away, and for one that has the zone not yet', async () => {
    await put(below, zone, 'NS', 'ns1.example.', 'nowhere.example.');
    expect(await failureOf(zoneStep())).toMatchObject({
      type: 'DNS_ZONE_PENDING',
      message: expect.stringContaining('the name server nowhere.example. has no address yet'),
    });
    await put(below, zone, 'NS', 'ns1.example.', 'gone.example.');
    expect((await failureOf(zoneStep())).message).toMatch(
      /gone\.example\.: 127\.77\.0\.4 returned no SOA .*ECONNREFUSED/,
    );
    await put(below, zone, 'NS', 'ns1.example.', 'b.example.');
    expect((await failureOf(zoneStep())).message).toMatch(/b\.example\.: 127\.77\.0\.2 returned no SOA/);
  });

  it('take the resolvers of the spec only to find the name servers', async () => {
    const found = await zoneStep({ resolvers: [`${at.second}:${port}`] });
    expect(found.note).toContain('existed before');
  });

  it('go on with a warning and the records, or wait with them in the fix', async () => {
    const records = [`${zone} IN NS ns1.example.`, `${zone} IN NS ns2.example.`];
    const warned = await check({});
    expect(warned.facts).toEqual({ state: 'missing', problems: ['example. does not delegate to it'], records });
    expect(warned.note).toContain(records.join(', '));
    const why = await failureOf(check({ delegation: 'require' }));
    expect(why).toMatchObject({ type: 'DNS_DELEGATION', data: { records: records.join('\n') } });
    await both(zone, 'NS', 'ns1.example.', 'ns2.example.');
    expect(await check({ delegation: 'require' })).toMatchObject({
      note: 'delegated to ns1.example., ns2.example.',
      facts: { state: 'right', problems: [], records: [] },
    });
  });

  it('refuse to make a zone that others have, but not one that only the zone above still speaks of', async () => {
    await both(zone, 'NS', 'ns1.example.');
    const elsewhere = { endpoint: second.url, credentialsFile: second.keyFile, nameServers: ['b.example.'] };
    const why = await failureOf(preflight(elsewhere));
    expect(why).toMatchObject({ type: 'DNS_ZONE_ELSEWHERE' });
    expect(why.message).toContain('to ns1.example.');
    await both(zone, 'NS', 'gone.example.');
    expect((await preflight(elsewhere)).note).toContain('will be created');
  });

  it('refuse to make a zone at PowerDNS that nobody would find', async () => {
    const nameless = { endpoint: second.url, credentialsFile: second.keyFile };
    expect(await failureOf(preflight(nameless))).toMatchObject({ type: 'DNS_NAME_SERVERS_MISSING' });
    expect(await failureOf(zoneStep(nameless))).toMatchObject({ type: 'DNS_NAME_SERVERS_MISSING' });
    expect((await preflight({})).note).toContain('stands');
  });
});
