import { getServers } from 'node:dns';
import type { Answer, DnsRecord, DnsReply, RecordType } from '../../../src/cluster-dns/reply.ts';
import { currentContext } from '../../kit/context.ts';
import { query } from './query.ts';

/** A name server as NS records name it, and where it is. Addresses are `ip` or `ip:port`, `[ip]:port` of IPv6. */
export interface NameServer {
  name: string;
  addresses: string[];
}

/** How the worker asks DNS. `via`: the resolvers to ask, `ip:port`; empty: those of the worker's system. */
export interface Resolver {
  /** Asks one server what it has itself. Never throws. */
  ask(server: string, name: string, type: RecordType): Promise<Answer>;
  /** Asks resolvers, the next one when one gives no answer; undefined when none does. Never throws. */
  resolve(name: string, type: RecordType, via: readonly string[]): Promise<DnsReply | undefined>;
  /** IPv4 and IPv6 addresses of a host name; empty when it has none, or nobody says. */
  addressesOf(name: string, via: readonly string[]): Promise<string[]>;
}

/** Where the worker's questions go. */
export interface ResolverSettings {
  /** Resolvers of the system, `ip` or `ip:port`. @default those of /etc/resolv.conf */
  servers?: readonly string[];
  /** Port of name servers. @default 53 */
  port?: number;
  /** ms for one try of two. @default 2000 */
  timeoutMs?: number;
}

/** SERVFAIL, not implemented, refused: of the server, not of the name. */
const isOfServer = ({ code }: DnsReply): boolean => code === 2 || code === 4 || code === 5;

/** Questions by UDP, and TCP where that is too small. */
export function createResolver({ servers, port = 53, timeoutMs = 2_000 }: ResolverSettings = {}): Resolver {
  const to = (server: string): { host: string; port: number } => {
    const [, v6, v4, own] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(server) ?? [];
    return { host: v6 ?? v4 ?? server, port: own ? Number(own) : port };
  };
  const send = (server: string, name: string, type: RecordType, recursive: boolean): Promise<Answer> =>
    query({ name, type, recursive }, { ...to(server), timeoutMs, signal: currentContext().signal });

  async function resolve(name: string, type: RecordType, via: readonly string[]): Promise<DnsReply | undefined> {
    for (const server of via.length > 0 ? via : (servers ?? getServers())) {
      const answer = await send(server, name, type, true);
      if ('reply' in answer && !isOfServer(answer.reply)) return answer.reply;
    }
    return undefined;
  }

  return {
    ask: (server, name, type) => send(server, name, type, false),
    resolve,
    addressesOf: async (name, via) => {
      const types = ['A', 'AAAA'] as const;
      const replies = await Promise.all(types.map((type) => resolve(name, type, via)));
      return types.flatMap((type, at) => valuesOf(replies[at]?.answers ?? [], type));
    },
  };
}

/** Values of one type; with a name, only what stands at it. */
export const valuesOf = (records: readonly DnsRecord[], type: RecordType, name?: string): string[] =>
  records.filter((one) => one.type === type && (name === undefined || one.name === name)).map(({ value }) => value);

/** '' when a server has the zone itself, else why not. `cached`: an answer out of a cache will do. */
export function notServing(answer: Answer, server: string, zone: string, cached = false): string {
  if ('code' in answer) return `${server} returned no SOA for ${zone} (${answer.code})`;
  const { code, answers, authoritative } = answer.reply;
  if (valuesOf(answers, 'SOA', zone).length === 0) return `${server} returned no SOA for ${zone} (${wordOf(code)})`;
  return authoritative || cached ? '' : `${server} knows ${zone} only from others`;
}

const words: Record<number, string> = { 0: 'no such record', 2: 'SERVFAIL', 3: 'NXDOMAIN', 5: 'REFUSED' };
const wordOf = (code: number): string => words[code] ?? `code ${code}`;
