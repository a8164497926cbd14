import { domainToASCII } from 'node:url';
import { shortDigestOf } from '../../kit/digest.ts';
import { failure } from '../../kit/fail.ts';
import type { RecordSet, Zone } from './port.ts';

/** TTL of the records that fedctl writes, seconds; as low as changes of an address should be seen. */
export const recordTtl = 60;

/** A name as providers have it: lower case, IDN as xn--, with the dot at the end. Labels like `_acme` or `*` stay. */
export function fqdn(name: string): string {
  const bare = name.replace(/\.$/, '').toLowerCase();
  // Anything beyond ASCII is an IDN; domainToASCII refuses names that are none, which then stay as they are.
  const ascii = /^[\x20-\x7e]*$/.test(bare) ? bare : domainToASCII(bare) || bare;
  return `${ascii}.`;
}

/** A short digest of the parts, in hexadecimal: one id for one thing, however often it is asked for. */
export const digestOf = (...parts: string[]): string => shortDigestOf(JSON.stringify(parts));

/** Same values whatever their order, and the same TTL. */
export const sameRecords = (a: RecordSet, b: RecordSet): boolean =>
  a.ttl === b.ttl && a.values.toSorted().join('\n') === b.values.toSorted().join('\n');

/** True for the set of this name and type, however its name is written. */
export const isSet = (set: Pick<RecordSet, 'name' | 'type'>, wanted: Pick<RecordSet, 'name' | 'type'>): boolean =>
  fqdn(set.name) === fqdn(wanted.name) && set.type === wanted.type;

/** Throws DNS_ZONE_IN_USE when a zone holds more than its own SOA and NS. */
export function assertEmpty(zone: Zone, records: readonly RecordSet[]): void {
  const others = records.filter((set) => fqdn(set.name) !== zone.name || !['SOA', 'NS'].includes(set.type));
  if (others.length === 0) return;
  const shown = others.slice(0, 5).map((set) => `${set.name} ${set.type}`);
  const message = `zone ${zone.name} still holds ${others.length} record sets: ${shown.join(', ')}`;
  throw failure('DNS_ZONE_IN_USE', message, { zone: zone.name });
}
