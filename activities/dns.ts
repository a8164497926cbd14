import type { CallOf, ResultOf } from '../src/plan/call-of.ts';
import { fqdn } from './clients/dns-names.ts';
import type { DnsProvider, DnsSpec, Zone } from './clients/dns-port.ts';
import { addressesOf, askSoa, nameServersOf } from './clients/resolver.ts';
import type { Deps } from './deps.ts';
import { dnsEntry, dnsProvider, factsOf, findZone, required } from './dns-provider.ts';
import { dnsRecordActivities, waitForChange } from './dns-record.ts';
import { failure } from './fail.ts';
import { entriesOf, forget, recordIntent, recordUid, undoableEntries } from './ledger.ts';
import { reading, type StepScope, writing } from './step.ts';
import { waitUntil } from './wait.ts';

/** Every server to ask: `dns.resolvers`, or what the zone's NS names resolve to. */
async function serversOf(dns: DnsSpec, zone: Zone): Promise<{ servers: string[]; unresolved: string[] }> {
  if (dns.resolvers.length > 0) return { servers: dns.resolvers, unresolved: [] };
  const found = await Promise.all(zone.nameServers.map(async (name) => ({ name, addresses: await addressesOf(name) })));
  return {
    servers: found.flatMap(({ addresses }) => addresses),
    unresolved: found.flatMap(({ name, addresses }) => (addresses.length === 0 ? [name] : [])),
  };
}

/** '' when every name server answers for the zone, else who does not. */
async function silentServers(dns: DnsSpec, zone: Zone): Promise<string> {
  const { servers, unresolved } = await serversOf(dns, zone);
  if (unresolved.length > 0) return `the name servers ${unresolved.join(', ')} have no address yet`;
  if (servers.length === 0) return `the zone ${zone.name} has no name servers yet`;
  const answers = await Promise.all(servers.map((server) => askSoa(server, zone.name)));
  return answers.flatMap((answer) => ('why' in answer ? [answer.why] : [])).join('; ');
}

async function ensureZone(scope: StepScope, call: CallOf<'dns/zone'>): Promise<ResultOf<'dns/zone'>> {
  const dns = required(call.input.spec.dns);
  const provider = await dnsProvider(dns, scope.deps.env);
  const found = await findZone(provider, dns, scope.run.uuid);
  if (!found && !dns.createZone) {
    const message = `zone ${dns.zone} does not exist at ${provider.label}, and dns.createZone is false`;
    throw failure('DNS_ZONE_NOT_FOUND', message, { zone: dns.zone, provider: dns.provider });
  }
  const zone = found ?? (await createZone(scope, provider, dns));
  if (zone.change) await waitForChange(call, provider, zone, zone.change);
  const facts = factsOf(zone);
  const outcome = found ? 'kept' : 'created';
  // The name servers of a private zone answer only inside its network, where the worker need not be.
  if (dns.visibility === 'private' && dns.resolvers.length === 0)
    return { outcome, note: `${zone.name} stands; whether it answers in ${dns.network} was not asked`, facts };
  await waitUntil(
    call,
    'DNS_ZONE_PENDING',
    async () => {
      const why = await silentServers(dns, zone);
      return why ? { why } : { value: true };
    },
    { everyMs: 1_000, data: { zone: dns.zone } },
  );
  const ours = zone.federation === scope.run.uuid;
  return {
    outcome,
    note: ours ? `${zone.name} answers` : `${zone.name} was there before; it stays when the federation goes`,
    facts,
  };
}

async function createZone(scope: StepScope, provider: DnsProvider, dns: DnsSpec): Promise<Zone> {
  const entry = dnsEntry(scope, dns, 'Zone', dns.zone);
  await recordIntent(scope, entry);
  const zone = await provider.create(dns.zone, scope.run.uuid);
  await recordUid(scope, entry, zone.id);
  return zone;
}

/** Names the control plane's own controller writes stay out of the way of a removal only if they are gone first. */
async function removeZone(
  scope: StepScope,
  call: CallOf<'dns/zone'> & { input: { undo?: { keepZone?: boolean } } },
): Promise<ResultOf<'dns/zone'>> {
  const dns = required(call.input.spec.dns);
  const provider = await dnsProvider(dns, scope.deps.env);
  const zone = await findZone(provider, dns, scope.run.uuid);
  const facts = factsOf(zone);
  const done = async (note: string, outcome: 'kept' | 'removed'): Promise<ResultOf<'dns/zone'>> => {
    for (const entry of await entriesOf(scope, scope.step)) await forget(scope, entry);
    return { outcome, note, facts };
  };
  if (!zone) return done(`zone ${dns.zone} is gone`, 'removed');
  if (zone.federation !== scope.run.uuid) return done(`zone ${dns.zone} is not ours and stays`, 'kept');
  const made = await undoableEntries(scope);
  if (scope.run.rollback && made.length === 0)
    return { outcome: 'kept', note: `zone ${dns.zone} stood before this run`, facts };
  if (call.input.undo?.keepZone) return done(`zone ${dns.zone} stays, as asked`, 'kept');
  await provider.remove(zone);
  return done(`zone ${zone.name} removed`, 'removed');
}

async function checkDelegation(_scope: StepScope, call: CallOf<'dns/delegation'>): Promise<ResultOf<'dns/delegation'>> {
  const dns = required(call.input.spec.dns);
  if (dns.visibility === 'private') {
    return { outcome: 'done', note: `${dns.zone} is private: it needs no delegation`, facts: { state: 'unknown' } };
  }
  const wanted = [...call.input.facts.nameServers].map((name) => name.toLowerCase()).sort();
  const records = wanted.map((name) => `${dns.zone} NS ${name}`).join(', ');
  const look = async (): Promise<{ state: 'right' | 'missing' | 'wrong' | 'unknown'; note: string }> => {
    const shown = await nameServersOf(dns.zone, dns.resolvers);
    if (!shown) return { state: 'unknown', note: 'no resolver answers for the zone' };
    if (shown.length === 0) return { state: 'missing', note: `not delegated yet; create at the parent: ${records}` };
    if (shown.join() === wanted.join()) return { state: 'right', note: `delegated to ${shown.join(', ')}` };
    return { state: 'wrong', note: `delegated to ${shown.join(', ')}; create at the parent: ${records}` };
  };
  if (dns.delegation === 'warn') {
    const { state, note } = await look();
    return { outcome: 'done', note, facts: { state } };
  }
  const state = await waitUntil(
    call,
    'DNS_DELEGATION',
    async () => {
      const seen = await look();
      return seen.state === 'right' ? { value: seen.state } : { why: seen.note };
    },
    { everyMs: 15_000, data: { zone: dns.zone, records } },
  );
  return { outcome: 'done', note: `delegated to ${wanted.join(', ')}`, facts: { state } };
}

/** A zone that another account has already would be made a second time, and nobody would ask it. */
async function refuseDelegatedElsewhere(dns: DnsSpec): Promise<void> {
  if (dns.visibility === 'private' || dns.delegation === 'ignore') return;
  const shown = (await nameServersOf(dns.zone, dns.resolvers)) ?? [];
  const expected = new Set(dns.nameServers.map(fqdn));
  if (shown.length === 0 || shown.every((name) => expected.has(name))) return;
  const message = `zone ${dns.zone} is not in this account, but it is delegated already, to ${shown.join(', ')}`;
  throw failure('DNS_ZONE_ELSEWHERE', message, { zone: dns.zone, provider: dns.provider });
}

/** Steps of phase dns, and their preflight. */
export const dnsActivities = (deps: Deps) => ({
  checkDns: reading<'preflight/dns'>(deps, async (scope, call) => {
    const dns = required(call.input.spec.dns);
    const provider = await dnsProvider(dns, scope.deps.env);
    await provider.check();
    const zone = await findZone(provider, dns, scope.run.uuid);
    if (zone) await provider.check(zone);
    if (!zone && !dns.createZone) {
      const message = `zone ${dns.zone} does not exist at ${provider.label}, and dns.createZone is false`;
      throw failure('DNS_ZONE_NOT_FOUND', message, { zone: dns.zone, provider: dns.provider });
    }
    if (!zone) await refuseDelegatedElsewhere(dns);
    return { outcome: 'done', note: zone ? `zone ${dns.zone} stands` : `zone ${dns.zone} will be created`, facts: {} };
  }),
  ensureZone: writing<'dns/zone'>(deps, ensureZone),
  removeZone: writing<'dns/zone'>(deps, removeZone),
  checkDelegation: reading<'dns/delegation'>(deps, checkDelegation),
  ...dnsRecordActivities(deps),
});
