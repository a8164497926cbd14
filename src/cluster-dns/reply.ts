/** Types of records that fedctl reads out of a reply. */
export type RecordType = 'A' | 'NS' | 'CNAME' | 'SOA' | 'AAAA';

/** `value`: an address, or a name with its dot; of SOA the primary name server. Names in lower case. */
export interface DnsRecord {
  name: string;
  type: RecordType;
  ttl: number;
  value: string;
}

export interface DnsReply {
  id: number;
  /** 0: no error; 2: SERVFAIL; 3: no such name; 5: refused. */
  code: number;
  /** The server has the zone itself. */
  authoritative: boolean;
  /** There is more than fits: to be asked again by TCP. */
  truncated: boolean;
  question: { name: string; type: RecordType | undefined } | undefined;
  answers: DnsRecord[];
  /** NS records of a delegation, or the SOA of the zone that has no such record. */
  authority: DnsRecord[];
  /** Addresses of name servers named above. */
  additional: DnsRecord[];
}

/** A server's reply, or the system's word for why there is none: `ETIMEDOUT`, `ECONNREFUSED`, `ENETUNREACH`. */
export type Answer = { reply: DnsReply } | { code: string };
