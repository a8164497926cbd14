import type { Spec } from '../../../src/spec/schema.ts';

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
  /** Its id as the control plane's own controller calls it, where that is not `id`. */
  controllerId?: string | undefined;
  /** Of a private zone: the networks that see it, as the provider names them. */
  networks?: string[];
  /** Of a zone just made: the change that the provider still carries out, for `changeDone`. */
  change?: string | undefined;
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
 * Idempotent: a second call of the same kind changes nothing. No method retries by itself.
 */
export interface DnsProvider {
  /** For messages: `powerdns at http://…`. */
  readonly label: string;
  /**
   * Proves that the credentials serve, and as far as the provider can say it the rights on a zone that stands, or to
   * make one; never writes. Returns what is not proved, '' when all is.
   */
  check(zone?: Zone): Promise<string>;
  /**
   * Zones of exactly this name and of the visibility and network that the spec asks for, wherever they stand in the
   * list.
   */
  find(name: string): Promise<Zone[]>;
  /** The zone of an id, whatever lists show by now; undefined: there is none. */
  read(id: string): Promise<Zone | undefined>;
  /**
   * Makes the zone, marked with the federation's uuid; what an earlier call of this federation made is given back.
   * `making` tells one making of a zone from a later one, after the first is gone: Route 53 takes none twice.
   */
  create(name: string, federation: string, making?: string): Promise<Zone>;
  records(zone: Zone): Promise<RecordSet[]>;
  /** Brings the set to these values; answers the change to wait for (`changeDone`), undefined when nothing is pending. */
  ensureRecord(zone: Zone, record: RecordSet): Promise<string | undefined>;
  /** Absent is success. Returns the change to wait for, as ensureRecord does. */
  removeRecord(zone: Zone, record: Pick<RecordSet, 'name' | 'type'>): Promise<string | undefined>;
  /** True when all name servers have the change (INSYNC at Route 53, done at Cloud DNS). */
  changeDone(zone: Zone, change: string): Promise<boolean>;
  /**
   * Removes a zone that holds nothing but its own SOA and NS; absent is success. Returns the change to wait for, as
   * ensureRecord does. Throws DNS_ZONE_IN_USE.
   */
  remove(zone: Zone): Promise<string | undefined>;
}
