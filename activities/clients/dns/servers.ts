import { isIPv6 } from 'node:net';
import type { Answer } from '../../../src/cluster-dns/reply.ts';
import { type NameServer, notServing, type Resolver } from './resolver.ts';

/**
 * Where the name servers of a zone are. `via`: the resolvers to ask; where these know no address of any of the names (a
 * zone that nobody else sees), they are the servers themselves.
 */
export async function serversOf(
  resolver: Resolver,
  names: readonly string[],
  via: readonly string[],
): Promise<NameServer[]> {
  const found = await Promise.all(
    names.map(async (name) => ({ name, addresses: await resolver.addressesOf(name, via) })),
  );
  const known = found.some(({ addresses }) => addresses.length > 0);
  return known || via.length === 0 ? found : themselves(via);
}

/** Servers that are known by nothing but their address. */
export const themselves = (servers: readonly string[]): NameServer[] =>
  servers.map((server) => ({ name: server, addresses: [server] }));

/** What the name servers of a zone say of it. */
export interface Serving {
  /** Why the zone is not served yet, a phrase for each server that does not; empty: all serve it. */
  silent: string[];
  /** Addresses of servers that serve it by another of their addresses: `IPv6 of ns1.example.`. */
  notReached: string[];
}

/**
 * Asks every name server of a zone for it, at all its addresses. A server is good when one of them answers: a worker
 * without IPv6 reaches only the others. `cached`: servers that have the zone from others will do.
 */
export async function servingOf(
  resolver: Resolver,
  servers: readonly NameServer[],
  zone: string,
  cached = false,
): Promise<Serving> {
  const judged = await Promise.all(servers.map((server) => judge(resolver, server, zone, cached)));
  const bad = judged.filter(({ good }) => !good);
  const good = judged.filter((one) => one.good);
  return { silent: bad.map(({ why }) => why), notReached: good.flatMap(({ away }) => away) };
}

async function askSoa(resolver: Resolver, server: string, zone: string, cached: boolean): Promise<Answer> {
  if (!cached) return resolver.ask(server, zone, 'SOA');
  const reply = await resolver.resolve(zone, 'SOA', [server]);
  return reply ? { reply } : { code: 'no answer' };
}

async function judge(
  resolver: Resolver,
  { name, addresses }: NameServer,
  zone: string,
  cached: boolean,
): Promise<{ good: boolean; why: string; away: string[] }> {
  if (addresses.length === 0) return { good: false, why: `the name server ${name} has no address yet`, away: [] };
  const asked = await Promise.all(
    addresses.map(async (address) => ({
      address,
      why: notServing(await askSoa(resolver, address, zone, cached), address, zone, cached),
    })),
  );
  const away = asked.filter(({ why }) => why !== '');
  const why = away.map((one) => one.why).join('; ');
  const label = name === addresses[0] ? '' : ` of ${name}`;
  const said = away.map(({ address }) => (isIPv6(address) ? `IPv6${label}` : `${address}${label}`));
  return { good: away.length < asked.length, why: label ? `${name}: ${why}` : why, away: [...new Set(said)] };
}
