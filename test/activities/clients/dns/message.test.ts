import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { decodeReply, encodeQuery } from '../../../../activities/clients/dns/message.ts';
import { query } from '../../../../activities/clients/dns/query.ts';
import { seeded } from '../../../helpers/common/seeded.ts';

const header = (flags: number, ...counts: number[]): Buffer => {
  const bytes = Buffer.alloc(12);
  [7, flags, ...counts].forEach((word, at) => bytes.writeUInt16BE(word, 2 * at));
  return bytes;
};
const question = Buffer.concat([Buffer.from('\x01a\x07Example\x00'), Buffer.from([0, 28, 0, 1])]);

describe('a message of DNS', () => {
  it('asks one thing', () => {
    const asked = encodeQuery(7, { name: 'a.Example.', type: 'AAAA', recursive: true });
    expect(asked).toEqual(Buffer.concat([header(0x0100, 1, 0, 0, 0), question]));
    expect(encodeQuery(7, { name: '.', type: 'NS', recursive: false })).toHaveLength(12 + 5);
    expect(() => encodeQuery(7, { name: `${'a'.repeat(64)}.example`, type: 'A', recursive: false })).toThrow(
      RangeError,
    );
  });

  it('answers with names that stand earlier, addresses in their short form, and what nobody asked for', () => {
    const address = Buffer.from('20010db8000000000000000000000053', 'hex');
    const record = (type: number, data: Buffer): Buffer =>
      Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]), data]);
    const text = record(16, Buffer.from('\x02hi'));
    const server = record(2, Buffer.concat([Buffer.from('\x02ns'), Buffer.from([0xc0, 14])]));
    const reply = decodeReply(Buffer.concat([header(0x8600, 1, 2, 1, 0), question, record(28, address), text, server]));
    expect(reply).toMatchObject({ id: 7, code: 0, authoritative: true, truncated: true, additional: [] });
    expect(reply.answers).toEqual([{ name: 'a.example.', type: 'AAAA', ttl: 60, value: '2001:db8::53' }]);
    expect(reply.authority).toEqual([{ name: 'a.example.', type: 'NS', ttl: 60, value: 'ns.example.' }]);
  });

  it('that is broken in any way is refused, and never read for ever', () => {
    const loop = Buffer.concat([header(0x8400, 1, 0, 0, 0), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
    expect(() => decodeReply(loop)).toThrow(RangeError);
    expect(() => decodeReply(encodeQuery(7, { name: 'a.example', type: 'A', recursive: false }))).toThrow(RangeError);
    const random = seeded(1);
    for (let round = 0; round < 2_000; round += 1) {
      const bytes = Buffer.concat([header(0x8400, 1, 2, 1, 1), question]);
      const rest = Buffer.from(Array.from({ length: random.below(80) }, () => random.below(256)));
      try {
        decodeReply(Buffer.concat([bytes, rest]));
      } catch (error) {
        // Node's own are of another realm than the test's.
        expect((error as Error).name).toBe('RangeError');
      }
    }
  });
});

describe('a question', () => {
  it('takes no answer to another one', async () => {
    const socket = createSocket('udp4');
    socket.on('message', (message, { port, address }) => {
      const forged = Buffer.from(message);
      forged.writeUInt16BE(0x8400, 2);
      const other = Buffer.from(forged);
      other.writeUInt16BE((message.readUInt16BE(0) + 1) & 0xffff, 0);
      socket.send(other, port, address);
      socket.send(Buffer.from('nothing'), port, address);
      forged.writeUInt8('x'.charCodeAt(0), 13);
      socket.send(forged, port, address);
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address() as AddressInfo;
    const asked = { host: '127.0.0.1', port, timeoutMs: 100, signal: new AbortController().signal };
    expect(await query({ name: 'a.example', type: 'A', recursive: false }, asked)).toEqual({ code: 'ETIMEDOUT' });
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  });

  it('for what is no name has no answer', async () => {
    const asked = { host: '127.0.0.1', port: 9, timeoutMs: 100, signal: new AbortController().signal };
    const name = `${'a'.repeat(64)}.example`;
    expect(await query({ name, type: 'A', recursive: false }, asked)).toEqual({ code: 'EBADNAME' });
  });

  it('that is cancelled ends at once', async () => {
    const cancelled = { host: '127.0.0.1', port: 9, timeoutMs: 60_000, signal: AbortSignal.abort() };
    expect(await query({ name: 'a.example', type: 'A', recursive: false }, cancelled)).toEqual({ code: 'ABORTED' });
  });
});
