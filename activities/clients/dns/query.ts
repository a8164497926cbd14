import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Answer, DnsReply } from '../../../src/cluster-dns/reply.ts';
import { decodeReply, encodeQuery, type Question } from './message.ts';

/** Where a server is, and how long it may take. */
export interface Asked {
  host: string;
  port: number;
  /** ms for one try. */
  timeoutMs: number;
  signal: AbortSignal;
}

/** Tries by UDP, which may lose a packet. */
const tries = 2;

/** Asks one server, by TCP what does not fit into a packet. Never throws; a cancelled question has no answer. */
export async function query(question: Question, asked: Asked): Promise<Answer> {
  if (!isAskable(question)) return { code: 'EBADNAME' };
  let answer: Answer = { code: 'ABORTED' };
  for (let left = tries; left > 0 && !asked.signal.aborted; left -= 1) {
    answer = await byUdp(question, asked);
    if ('reply' in answer) return answer.reply.truncated ? byTcp(question, asked) : answer;
    // Nothing listens there, or there is no way: asking once more would say the same.
    if (answer.code !== 'ETIMEDOUT') return answer;
  }
  return answer;
}

/** False for what is not a DNS name: a load balancer may call itself anything. */
function isAskable(question: Question): boolean {
  try {
    return encodeQuery(0, question).length > 0;
  } catch {
    return false;
  }
}

/** A reply to this very question; undefined for what somebody else sent, or what cannot be read. */
function replyTo(id: number, { name, type }: Question, message: Buffer): DnsReply | undefined {
  try {
    const reply = decodeReply(message);
    const wanted = `${name.replace(/\.$/, '').toLowerCase()}.`;
    const same = reply.question?.name === wanted && reply.question.type === type;
    // A server that cannot serve at all need not repeat the question.
    return reply.id === id && (same || (reply.code !== 0 && !reply.question)) ? reply : undefined;
  } catch {
    return undefined;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'no answer';
const newId = (): number => randomInt(0x1_0000);

function byUdp(question: Question, { host, port, timeoutMs, signal }: Asked): Promise<Answer> {
  const id = newId();
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      resolve(answer);
      try {
        socket.close();
      } catch {
        // Closed before it was open.
      }
    };
    const aborted = (): void => end({ code: 'ABORTED' });
    const timer = setTimeout(() => end({ code: 'ETIMEDOUT' }), timeoutMs);
    signal.addEventListener('abort', aborted, { once: true });
    socket.on('error', (error) => end({ code: codeOf(error) }));
    socket.on('message', (message) => {
      const reply = replyTo(id, question, message);
      if (reply) end({ reply });
    });
    // Connected, so that a closed port says so, and nobody else's packets come in.
    socket.connect(port, host, () => socket.send(encodeQuery(id, question)));
  });
}

/** Over TCP a message has its length before it (RFC 1035 4.2.2). */
function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

const isWhole = (read: Buffer): boolean => read.length >= 2 && read.length >= 2 + read.readUInt16BE(0);

/** What a whole frame says to this question. */
function answerIn(id: number, question: Question, read: Buffer): Answer {
  const reply = replyTo(id, question, read.subarray(2, 2 + read.readUInt16BE(0)));
  return reply ? { reply } : { code: 'EBADRESP' };
}

/** Asks by TCP over somebody else's connection. Throws what that throws, and a RangeError for a name that is none. */
export async function queryThrough(
  question: Question,
  exchange: (sent: Buffer, whole: (read: Buffer) => boolean) => Promise<Buffer>,
): Promise<Answer> {
  const id = newId();
  return answerIn(id, question, await exchange(framed(encodeQuery(id, question)), isWhole));
}

function byTcp(question: Question, { host, port, timeoutMs, signal }: Asked): Promise<Answer> {
  const id = newId();
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal, timeout: timeoutMs });
    let read = Buffer.alloc(0);
    const end = (answer: Answer): void => {
      resolve(answer);
      socket.destroy();
    };
    socket.on('timeout', () => end({ code: 'ETIMEDOUT' }));
    socket.on('error', (error) => end({ code: codeOf(error) }));
    socket.on('close', () => end({ code: 'ECONNRESET' }));
    socket.on('connect', () => socket.write(framed(encodeQuery(id, question))));
    socket.on('data', (chunk: Buffer) => {
      read = Buffer.concat([read, chunk]);
      if (isWhole(read)) end(answerIn(id, question, read));
    });
  });
}
