import type { Spec } from '../../src/spec/schema.ts';

/** `spec.dns`, which the steps that get here have. */
export type DnsSpec = NonNullable<Spec['dns']>;

/** A zone as its provider has it. */
export interface Zone {
  /** The provider's own id. */
  id: string;
  /** Fully qualified, with the dot at the end, lower case. */
  name: string;
  /** What the zone's own NS records say; with dots at the end. */
  nameServers: string[];
  /** uuid of the federation that made it; undefined: not made by fedctl. */
  federation: string | undefined;
}

/** A set of records of one name and type. TTL in seconds, as in DNS itself. */
export interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  values: string[];
}

/**
 * One DNS provider. Every method throws a classified ApplicationFailure; absent things are values.
 * Idempotent: a second call of the same kind changes nothing.
 */
export interface DnsProvider {
  /** For messages: `powerdns at http://…`. */
  readonly label: string;
  /** Proves by reading that the credentials serve. */
  check(): Promise<void>;
  /** Zones of exactly this name. */
  find(name: string): Promise<Zone[]>;
  /** Makes the zone, marked with the federation's uuid. */
  create(name: string, federation: string): Promise<Zone>;
  records(zone: Zone): Promise<RecordSet[]>;
  ensureRecord(zone: Zone, record: RecordSet): Promise<void>;
  removeRecord(zone: Zone, record: Pick<RecordSet, 'name' | 'type'>): Promise<void>;
  /** Removes the zone with all records; absent is success. */
  remove(zone: Zone): Promise<void>;
}
