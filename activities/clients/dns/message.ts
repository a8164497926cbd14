/** Messages of DNS on the wire (RFC 1035 4): the little that questions about zones and addresses need. */

import type { DnsRecord, DnsReply, RecordType } from '../../../src/cluster-dns/reply.ts';

const typeNumbers: Record<RecordType, number> = { A: 1, NS: 2, CNAME: 5, SOA: 6, AAAA: 28 };
const typeNames = new Map<number, RecordType>(
  Object.entries(typeNumbers).map(([name, number]) => [number, name as RecordType]),
);

export interface Question {
  /** With or without the dot at the end; ASCII. */
  name: string;
  type: RecordType;
  /** Whether the server shall ask others on our behalf; a name server is asked for what it has itself. */
  recursive: boolean;
}

const headerBytes = 12;
const internet = 1;

/** A query of one question. Throws a RangeError for a name that is none. */
export function encodeQuery(id: number, { name, type, recursive }: Question): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(recursive ? 0x0100 : 0, 2);
  header.writeUInt16BE(1, 4);
  const labels = name
    .replace(/\.$/, '')
    .split('.')
    .filter((label) => label !== '')
    .map((label) => {
      const bytes = Buffer.from(label, 'latin1');
      if (bytes.length > 63) throw new RangeError(`${name} is not a DNS name`);
      return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    });
  const question = Buffer.from([0, 0, typeNumbers[type], 0, internet]);
  return Buffer.concat([header, ...labels, question]);
}

/** What a server answered. Throws a RangeError for bytes that are no message; records of other types are left out. */
export function decodeReply(message: Buffer): DnsReply {
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) === 0) throw new RangeError('a query, not a reply');
  let at = headerBytes;
  const count = (section: number): number => message.readUInt16BE(4 + 2 * section);
  let question: DnsReply['question'];
  for (let left = count(0); left > 0; left -= 1) {
    const { name, end } = readName(message, at);
    question ??= { name, type: typeNames.get(message.readUInt16BE(end)) };
    at = end + 4;
  }
  const section = (number: number): DnsRecord[] => {
    const records: DnsRecord[] = [];
    for (let left = count(number); left > 0; left -= 1) {
      const { record, end } = readRecord(message, at);
      if (record) records.push(record);
      at = end;
    }
    return records;
  };
  const [answers, authority, additional] = [section(1), section(2), section(3)];
  return {
    id: message.readUInt16BE(0),
    code: flags & 0x000f,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    question,
    answers,
    authority,
    additional,
  };
}

function readRecord(message: Buffer, start: number): { record: DnsRecord | undefined; end: number } {
  const { name, end: at } = readName(message, start);
  const type = typeNames.get(message.readUInt16BE(at));
  const ttl = message.readUInt32BE(at + 4);
  const data = at + 10;
  const end = data + message.readUInt16BE(at + 8);
  if (end > message.length) throw new RangeError('a record goes beyond the message');
  return { record: type && { name, type, ttl, value: valueOf(message.subarray(0, end), data, type) }, end };
}

function valueOf(message: Buffer, at: number, type: RecordType): string {
  if (type === 'A') return [0, 1, 2, 3].map((byte) => message.readUInt8(at + byte)).join('.');
  if (type !== 'AAAA') return readName(message, at).name;
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((byte) => message.readUInt16BE(at + byte).toString(16));
  // In the short form of RFC 5952.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** A name and where what follows it begins; parts of it may stand earlier in the message (RFC 1035 4.1.4). */
function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let end: number | undefined;
  let at = start;
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) break;
    if (length < 64) {
      if (at + 1 + length > message.length) throw new RangeError('a name goes beyond the message');
      labels.push(message.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
      continue;
    }
    const earlier = message.readUInt16BE(at) & 0x3fff;
    // Only ever backwards, so that it ends.
    if (length < 192 || earlier >= at) throw new RangeError('a name points nowhere');
    end ??= at + 2;
    at = earlier;
    if (labels.length > 127) throw new RangeError('a name without end');
  }
  return { name: `${labels.join('.').toLowerCase()}.`, end: end ?? at + 1 };
}
