import type { CallOf, ResultOf, UndoCallOf } from '../../src/catalogue/call-of.ts';
import { fqdn } from '../clients/dns/names.ts';
import type { DnsProvider, DnsSpec, Zone } from '../clients/dns/port.ts';
import { type Delegation, delegationOf } from '../clients/dns/delegation.ts';
import { serversOf, servingOf, themselves } from '../clients/dns/servers.ts';
import { type Resolver, valuesOf } from '../clients/dns/resolver.ts';
import type { Deps } from '../core/deps.ts';
import {
  dnsEntry,
  dnsProvider,
  factsOf,
  findZone,
  isSameEntry,
  knownUuid,
  required,
  specOfEntry,
  zoneToUndo,
} from './provider.ts';
import { recordMade, recordRemoval, settle, settledUid } from './change.ts';
import { dnsRecordActivities } from './record.ts';
import { failure } from '../kit/fail.ts';
import { assertPlannedZone } from '../core/planned-dns.ts';
import { entriesOf, forget, isUndoable, type LedgerEntry, readEntry, recordIntent } from '../core/ledger.ts';
import { reading, type StepScope, undoing, writing } from '../core/step.ts';
import { waitUntil } from '../kit/wait.ts';

/**
 * '' when every name server has the zone, else who does not; and what was not reached of those that have it.
 * A private zone answers only inside its network: there `dns.resolvers`, which know it from others, are asked.
 */
async function lookAtServers(resolver: Resolver, dns: DnsSpec, zone: Zone): Promise<{ why: string; away: string }> {
  const inside = dns.visibility === 'private';
  const servers = inside ? themselves(dns.resolvers) : await serversOf(resolver, zone.nameServers, dns.resolvers);
  if (servers.length === 0) return { why: `the zone ${zone.name} has no name servers yet`, away: '' };
  const { silent, notReached } = await servingOf(resolver, servers, zone.name, inside);
  return { why: silent.join('; '), away: notReached.length > 0 ? `; ${notReached.join(', ')} not reached` : '' };
}

async function ensureZone(scope: StepScope, call: CallOf<'dns/zone'>): Promise<ResultOf<'dns/zone'>> {
  const dns = required(call.input.spec.dns);
  const provider = await dnsProvider(dns, scope.deps.env);
  const found = await findZone(provider, dns, scope.run.uuid);
  if (!found && !dns.createZone) throw noZone(provider, dns);
  assertPlannedZone(call, dns.zone, found);
  const zone = found ?? (await createZone(scope, provider, dns));
  const ours = zone.federation === scope.run.uuid;
  if (ours) await settle(scope, call, { provider, zone }, dnsEntry(scope, dns, 'Zone', dns.zone), zone.id);
  const facts = factsOf(zone);
  const outcome = found || !ours ? 'kept' : 'created';
  // The name servers of a private zone answer only inside its network, where the worker need not be.
  if (dns.visibility === 'private' && dns.resolvers.length === 0)
    return { outcome, note: `${zone.name} exists; it was not queried from ${dns.network}`, facts };
  const away = await waitUntil(
    call,
    'DNS_ZONE_PENDING',
    async () => {
      const seen = await lookAtServers(scope.deps.resolver, dns, zone);
      return seen.why ? { why: seen.why } : { value: seen.away };
    },
    { everyMs: 1_000, data: { zone: dns.zone } },
  );
  const note = ours
    ? `${zone.name} answers`
    : `${zone.name} existed before; it is kept when the federation is turned down`;
  return { outcome, note: `${note}${away}`, facts };
}

const noZone = (provider: DnsProvider, dns: DnsSpec): Error => {
  const message = `zone ${dns.zone} does not exist at ${provider.label}, and dns.createZone is false`;
  return failure('DNS_ZONE_NOT_FOUND', message, { zone: dns.zone, provider: dns.provider });
};

/**
 * Makes the zone that no list shows. One that the ledger has is read by its id, for lists lag behind; if it is gone, the
 * next making is another one. What a rival made in this moment is given back, and is not ours.
 */
async function createZone(scope: StepScope, provider: DnsProvider, dns: DnsSpec): Promise<Zone> {
  const entry = dnsEntry(scope, dns, 'Zone', dns.zone);
  const before = await readEntry(scope, entry);
  const id = before && settledUid(before);
  const standing = id ? await provider.read(id) : undefined;
  if (standing) return standing;
  refuseNameless(dns);
  if (before && id) await forget(scope, before);
  const wanted = id ? { ...entry, after: id } : entry;
  await recordIntent(scope, wanted);
  const { firstRunId, after = '' } = (await readEntry(scope, entry)) ?? wanted;
  const zone = await provider.create(dns.zone, scope.run.uuid, `${firstRunId}${after}`);
  if (zone.federation !== scope.run.uuid) await forget(scope, entry);
  else await recordMade(scope, entry, zone.id, zone.change);
  return zone;
}

type Removal = ResultOf<'dns/zone'>;
type UndoCall = UndoCallOf<'dns/zone'>;

/**
 * Takes away every zone that the ledger has of this step, also one that the spec no longer names, and what bears our
 * mark without an entry. A rollback leaves what an earlier run made.
 */
async function removeZone(scope: StepScope, call: UndoCall): Promise<Removal> {
  const dns = required(call.input.spec.dns);
  const all = (await entriesOf(scope, scope.step)).filter(({ kind }) => kind === 'Zone');
  const made = all.filter((entry) => isUndoable(scope, entry));
  const current = dnsEntry(scope, dns, 'Zone', dns.zone);
  const unknown = !scope.run.rollback && !all.some((entry) => isSameEntry(entry, current));
  const facts = factsOf(undefined);
  if (scope.run.rollback && made.length === 0)
    return { outcome: 'kept', note: `zone ${dns.zone} existed before this run`, facts };
  const done: { outcome: 'kept' | 'removed'; note: string }[] = [];
  for (const entry of [...made, ...(unknown ? [current] : [])]) done.push(await removeOne(scope, call, entry, dns));
  const outcome = done.some((one) => one.outcome === 'removed') ? 'removed' : 'kept';
  return { outcome, note: done.map(({ note }) => note).join('; '), facts };
}

/**
 * Removes the zone of one entry, waits until its name servers have heard of it, and forgets it when there is nothing
 * of ours left. Throws DNS_ZONE_IN_USE, DNS_ZONE_PENDING.
 */
async function removeOne(
  scope: StepScope,
  call: UndoCall,
  entry: LedgerEntry,
  spec: DnsSpec,
): Promise<{ outcome: 'kept' | 'removed'; note: string }> {
  const dns = specOfEntry(entry, spec);
  const provider = await dnsProvider(dns, scope.deps.env);
  const id = settledUid(entry);
  const zone = await zoneToUndo(provider, dns, scope.run.uuid, id);
  const ours = zone?.federation === scope.run.uuid;
  if (ours && call.input.undo.keepZone) return { outcome: 'kept', note: `zone ${dns.zone} is kept, as asked` };
  if (ours) await recordRemoval(scope, entry, zone.id, await provider.remove(zone));
  const gone: Zone = { id, name: dns.zone, nameServers: [], federation: scope.run.uuid };
  if (ours || !zone) await settle(scope, call, { provider, zone: zone ?? gone }, entry, id);
  await forget(scope, entry);
  if (ours) return { outcome: 'removed', note: `zone ${zone.name} removed` };
  if (zone) return { outcome: 'kept', note: `zone ${dns.zone} is not ours and is kept` };
  return { outcome: 'removed', note: `zone ${dns.zone} is gone` };
}

/**
 * Whether the zone above refers to this one, by asking its own servers. `warn`: a word that goes on; `require`: waits,
 * and throws DNS_DELEGATION with what to create there.
 */
async function checkDelegation(scope: StepScope, call: CallOf<'dns/delegation'>): Promise<ResultOf<'dns/delegation'>> {
  const dns = required(call.input.spec.dns);
  if (dns.visibility === 'private') {
    const note = `${dns.zone} is private: it needs no delegation`;
    return { outcome: 'done', note, facts: { state: 'right', problems: [], records: [] } };
  }
  const zone = { name: dns.zone.toLowerCase(), nameServers: call.input.facts.nameServers };
  const look = (): Promise<Delegation> => delegationOf(scope.deps.resolver, zone, dns.resolvers);
  if (dns.delegation === 'warn') {
    const seen = await look();
    return { outcome: 'done', note: said(seen), facts: factsOfDelegation(seen) };
  }
  const data = { zone: dns.zone, records: '' };
  const right = await waitUntil(
    call,
    'DNS_DELEGATION',
    async () => {
      const seen = await look();
      data.records = seen.records.join('\n');
      return seen.state === 'right' ? { value: seen } : { why: said(seen) };
    },
    { everyMs: 15_000, data },
  );
  return { outcome: 'done', note: said(right), facts: factsOfDelegation(right) };
}

/** Records are told only where they are wanted: somebody has to create them. */
const factsOfDelegation = ({ state, problems, records }: Delegation): ResultOf<'dns/delegation'>['facts'] => ({
  state,
  problems,
  records: state === 'right' ? [] : records,
});

const verdicts: Record<Delegation['state'], string> = {
  right: 'delegated',
  missing: 'not delegated yet',
  wrong: 'not delegated correctly',
  unknown: 'it is not known whether it is delegated',
};

function said({ state, shown, problems, records }: Delegation): string {
  if (state === 'right') return `delegated to ${shown.join(', ')}`;
  return `${verdicts[state]}: ${problems.join('; ')}; add to the parent zone: ${records.join(', ')}`;
}

/** A zone of PowerDNS has the NS records that it is told; with none that anybody finds, it would never answer. */
function refuseNameless({ provider, nameServers, resolvers, zone }: DnsSpec): void {
  if (provider !== 'powerdns' || nameServers.length + resolvers.length > 0) return;
  const message = `zone ${zone} is to be made, but dns.nameServers does not say what its NS records are`;
  throw failure('DNS_NAME_SERVERS_MISSING', message, { zone });
}

/** A zone that another account has already would be made a second time, and nobody would ask it. */
async function refuseDelegatedElsewhere(resolver: Resolver, dns: DnsSpec): Promise<void> {
  if (dns.visibility === 'private' || dns.delegation === 'ignore') return;
  const zone = fqdn(dns.zone);
  const { state, serving } = await delegationOf(resolver, { name: zone, nameServers: [] }, dns.resolvers);
  // Where the zone above cannot be asked, what resolvers find is of somebody who has the zone.
  const unasked = state === 'unknown' ? await resolver.resolve(zone, 'NS', dns.resolvers) : undefined;
  const theirs = [...serving, ...valuesOf(unasked?.answers ?? [], 'NS', zone)];
  const expected = new Set(dns.nameServers.map(fqdn));
  if (theirs.every((name) => expected.has(name))) return;
  const message = `zone ${dns.zone} is not in this account, but it is delegated already, to ${theirs.join(', ')}`;
  throw failure('DNS_ZONE_ELSEWHERE', message, { zone: dns.zone, provider: dns.provider });
}

/** Steps of phase dns, and their preflight. */
export const dnsActivities = (deps: Deps) => ({
  checkDns: reading<'preflight/dns'>(deps, async (scope, call) => {
    const dns = required(call.input.spec.dns);
    const provider = await dnsProvider(dns, scope.deps.env);
    const zone = await findZone(provider, dns, await knownUuid(scope));
    if (!zone && !dns.createZone) throw noZone(provider, dns);
    const unproved = await provider.check(zone);
    if (!zone) {
      refuseNameless(dns);
      await refuseDelegatedElsewhere(scope.deps.resolver, dns);
    }
    const note = zone ? `zone ${dns.zone} stands` : `zone ${dns.zone} will be created`;
    return { outcome: 'done', note: unproved ? `${note}; ${unproved}` : note, facts: {} };
  }),
  ensureZone: writing<'dns/zone'>(deps, ensureZone),
  removeZone: undoing<'dns/zone', Removal>(deps, removeZone),
  checkDelegation: reading<'dns/delegation'>(deps, checkDelegation),
  ...dnsRecordActivities(deps),
});
