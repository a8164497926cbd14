import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

/** A name server on loopback that knows A records: name -> IPv4. Names may come and go while it runs. */
export interface DnsServer {
  /** `ip:port`, as `dns.resolvers` has it. */
  address: string;
  records: Map<string, string>;
  stop(): Promise<void>;
}

const typeA = 1;

/** The question's name and type, and where the question ends (RFC 1035 4.1.2). */
function question(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

function answer(message: Buffer, records: Map<string, string>): Buffer {
  const { name, type, end } = question(message);
  const address = records.get(name);
  const found = address !== undefined && type === typeA;
  const header = Buffer.alloc(12);
  message.copy(header, 0, 0, 2);
  // A response, authoritative; NXDOMAIN (3) for a name that is not known.
  header.writeUInt16BE(0x8480 | (address === undefined ? 3 : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found ? 1 : 0, 6);
  const record = found
    ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)])
    : Buffer.alloc(0);
  return Buffer.concat([header, message.subarray(12, end), record]);
}

export async function startDnsServer(): Promise<DnsServer> {
  const records = new Map<string, string>();
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => socket.send(answer(message, records), port, address));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    records,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
