import { isIpv6 } from '../../src/spec/texts.ts';
import type { CallOf, ResultOf, UndoCallOf } from '../../src/catalogue/call-of.ts';
import type { DnsProvider, DnsSpec, RecordSet, Zone } from '../clients/dns/port.ts';
import type { Deps } from '../core/deps.ts';
import { recordMade, settle, settledUid, waitForChange } from './change.ts';
import { dnsEntry, dnsProvider, required, zoneToUndo } from './provider.ts';
import { failure } from '../kit/fail.ts';
import { assertPlannedRecord } from '../core/planned-dns.ts';
import { forget, isUndoable, readEntry, recordIntent } from '../core/ledger.ts';
import { type StepScope, undoing, writing } from '../core/step.ts';

type Id = 'dns/apiserver-record';
type Call = CallOf<Id>;
type Result = ResultOf<Id>;

/** TTL, seconds: a new load balancer's address should be seen soon. */
const ttl = 60;
/** Types that give a name an address; the name has one of them. */
const types = ['A', 'AAAA', 'CNAME'] as const;

/** The record of a host name for an address: A, AAAA, or CNAME for a host name. Names fully qualified. */
export function recordFor(host: string, { address, kind }: { address: string; kind: 'ip' | 'hostname' }): RecordSet {
  const name = `${host}.`.toLowerCase();
  if (kind === 'hostname')
    return { name, type: 'CNAME', ttl, values: [`${address.replace(/\.$/, '').toLowerCase()}.`] };
  return { name, type: isIpv6(address) ? 'AAAA' : 'A', ttl, values: [address] };
}

/** What gives the name an address now. */
export const recordsAt = async (provider: DnsProvider, zone: Zone, name: string): Promise<RecordSet[]> =>
  (await provider.records(zone)).filter((set) => set.name === name && types.some((type) => type === set.type));

const say = ({ name, type, values }: RecordSet): string => `${name} ${type} ${values.join(', ')}`;
/** Whether two sets say the same, whatever their order and TTL. */
export const sameRecord = (a: RecordSet, b: RecordSet): boolean =>
  a.type === b.type && a.values.toSorted().join() === b.values.toSorted().join();

/** The zone that dns/zone told of, by its id: lists lag. Throws DNS_ZONE_NOT_FOUND when it is gone since. */
async function zoneOf(provider: DnsProvider, dns: DnsSpec, id: string): Promise<Zone> {
  const zone = await provider.read(id);
  if (zone) return zone;
  const data = { zone: dns.zone, provider: dns.provider };
  throw failure('DNS_ZONE_NOT_FOUND', `zone ${dns.zone} is not at ${provider.label} any more`, data);
}

/**
 * Points the control plane's name at its address; another address since moves it. What stands at the name and is not
 * ours is never written over. Throws DNS_RECORD_TAKEN, DNS_ZONE_NOT_FOUND, DNS_ZONE_PENDING.
 */
async function ensureApiserverRecord(scope: StepScope, call: Call): Promise<Result> {
  const dns = required(call.input.spec.dns);
  const provider = await dnsProvider(dns, scope.deps.env);
  const zone = await zoneOf(provider, dns, call.input.facts.zoneId);
  const wanted = recordFor(scope.distribution.names.apiserverRecord(dns.domain), call.input.facts);
  const entry = dnsEntry(scope, dns, 'Record', wanted.name);
  const uid = `${wanted.type} ${wanted.values.join(',')}`;
  const standing = await recordsAt(provider, zone, wanted.name);
  const right = standing.length === 1 && standing.every((set) => sameRecord(set, wanted));
  if (right) {
    await settle(scope, call, { provider, zone }, entry, uid);
    return { outcome: 'kept', note: say(wanted), facts: {} };
  }
  if (standing.length > 0 && !(await readEntry(scope, entry)) && !scope.run.adopt) {
    const message = `zone ${zone.name} has a record that fedctl did not make: ${standing.map(say).join('; ')}`;
    throw failure('DNS_RECORD_TAKEN', message, { name: wanted.name, zone: zone.name });
  }
  assertPlannedRecord(call, wanted, standing);
  await recordIntent(scope, entry);
  // A name with a CNAME has nothing else, so what has another type goes first.
  for (const set of standing.filter(({ type }) => type !== wanted.type)) await provider.removeRecord(zone, set);
  const change = await provider.ensureRecord(zone, wanted);
  await recordMade(scope, entry, uid, change);
  await settle(scope, call, { provider, zone }, entry, uid);
  return { outcome: standing.length > 0 ? 'updated' : 'created', note: say(wanted), facts: {} };
}

/** Takes the record away if we made it; a zone that is gone took it along. */
async function removeApiserverRecord(scope: StepScope, call: UndoCallOf<Id>): Promise<Result> {
  const dns = required(call.input.spec.dns);
  const name = `${scope.distribution.names.apiserverRecord(dns.domain)}.`.toLowerCase();
  const entry = dnsEntry(scope, dns, 'Record', name);
  const made = await readEntry(scope, entry);
  if (!made || !isUndoable(scope, made)) return { outcome: 'kept', note: `no record of ours at ${name}`, facts: {} };
  const provider = await dnsProvider(dns, scope.deps.env);
  const zoneEntry = await readEntry(scope, dnsEntry(scope, dns, 'Zone', dns.zone));
  const zone = await zoneToUndo(provider, dns, scope.run.uuid, zoneEntry && settledUid(zoneEntry));
  for (const set of zone ? await recordsAt(provider, zone, name) : []) {
    const change = zone && (await provider.removeRecord(zone, set));
    // Else the zone would be removed, or the name given away, while servers still answer with it.
    if (change) await waitForChange(call, provider, zone, change);
  }
  await forget(scope, entry);
  return { outcome: 'removed', note: name, facts: {} };
}

/** The optional name of the control plane. */
export const dnsRecordActivities = (deps: Deps) => ({
  ensureApiserverRecord: writing<Id>(deps, ensureApiserverRecord),
  removeApiserverRecord: undoing<Id, Result>(deps, removeApiserverRecord),
});
