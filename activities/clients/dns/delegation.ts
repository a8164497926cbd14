import { serversOf, servingOf } from './servers.ts';
import { isIPv6 } from 'node:net';
import { type NameServer, type Resolver, valuesOf } from './resolver.ts';

/** How the zone above refers to a zone. */
export interface Delegation {
  state: 'right' | 'missing' | 'wrong' | 'unknown';
  /** Name servers that it refers to, whichever of its own servers says so. */
  shown: string[];
  /** Those of them that have the zone. */
  serving: string[];
  /** What is not as it should be, a phrase each; empty when all is right. */
  problems: string[];
  /** What has to stand in the zone above, a record each as in a zone file. */
  records: string[];
}

/** The zone above, and what each of its servers says of the zone. */
interface View {
  server: string;
  /** undefined: it does not answer. */
  names: string[] | undefined;
  /** Addresses that it gives along, by name. */
  glue: Map<string, string[]>;
  /** It has the zone itself, and so never refers to another. */
  own: boolean;
}

const isWithin = (name: string, zone: string): boolean => zone === '.' || name === zone || name.endsWith(`.${zone}`);

/**
 * Asks the servers of the zone above, without recursion, whom they refer to: a resolver would show what the zone says
 * of itself. `via`: resolvers that find those servers; empty: the system's. Never throws.
 */
export async function delegationOf(
  resolver: Resolver,
  zone: { name: string; nameServers: readonly string[] },
  via: readonly string[],
): Promise<Delegation> {
  const wanted = zone.nameServers.map((name) => name.toLowerCase()).toSorted();
  const none = { shown: [], serving: [], records: await recordsFor(resolver, zone.name, wanted, via) };
  const parent = await parentOf(resolver, zone.name, via);
  if (!parent) return { ...none, state: 'unknown', problems: [`no resolver knows the zone above ${zone.name}`] };
  const servers = await serversOf(resolver, parent.nameServers, via);
  const asked = await Promise.all(servers.map((server) => viewOf(resolver, server, zone.name)));
  const views = asked.flatMap((view) => (view.names ? [{ ...view, names: view.names }] : []));
  if (views.length === 0) {
    const who = servers.map(({ name }) => name).join(', ') || 'it has none';
    return { ...none, state: 'unknown', problems: [`no name server of ${parent.name} answers (${who})`] };
  }
  const shown = [...new Set(views.flatMap(({ names }) => names))].toSorted();
  if (shown.length === 0) return { ...none, state: 'missing', problems: [`${parent.name} does not delegate to it`] };
  const { lame, serving } = await lameOf(resolver, zone.name, shown, views, via);
  const problems = [...differences(views, wanted), ...glueMissing(views, zone.name, wanted), ...lame];
  return { ...none, shown, serving, state: problems.length === 0 ? 'right' : 'wrong', problems };
}

/** The zone that a zone would be delegated in: the SOA at or above the name one label up (RFC 2308 2). */
async function parentOf(
  resolver: Resolver,
  zone: string,
  via: readonly string[],
): Promise<{ name: string; nameServers: string[] } | undefined> {
  const above = zone.slice(zone.indexOf('.') + 1) || '.';
  const reply = await resolver.resolve(above, 'SOA', via);
  const soa = [...(reply?.answers ?? []), ...(reply?.authority ?? [])].find(
    ({ name, type }) => type === 'SOA' && isWithin(above, name),
  );
  if (!soa) return undefined;
  const servers = await resolver.resolve(soa.name, 'NS', via);
  return { name: soa.name, nameServers: valuesOf(servers?.answers ?? [], 'NS', soa.name).toSorted() };
}

/** What one server of the zone above says, by whichever of its addresses answers. */
async function viewOf(resolver: Resolver, { name, addresses }: NameServer, zone: string): Promise<View> {
  const glue = new Map<string, string[]>();
  for (const address of addresses) {
    const answer = await resolver.ask(address, zone, 'NS');
    // 3: there is no such name, which is an answer too.
    if (!('reply' in answer) || ![0, 3].includes(answer.reply.code)) continue;
    const { answers, authority, additional, authoritative } = answer.reply;
    for (const { name: of, type, value } of additional)
      if (type === 'A' || type === 'AAAA') glue.set(of, [...(glue.get(of) ?? []), value]);
    const own = authoritative && valuesOf(answers, 'NS', zone).length > 0;
    const names = valuesOf([...answers, ...authority], 'NS', zone);
    return { server: name, names: [...new Set(names)].toSorted(), glue, own };
  }
  return { server: name, names: undefined, glue, own: false };
}

type Seen = View & { names: string[] };

/** Sets of names that are not the one wanted; said of each server where they do not agree. */
function differences(views: readonly Seen[], wanted: readonly string[]): string[] {
  const wrong = views.filter(({ names }) => names.join() !== wanted.join());
  const say = (names: readonly string[]): string => names.join(', ') || 'nobody';
  const alike = wrong.length === views.length && new Set(wrong.map(({ names }) => names.join())).size === 1;
  if (alike) return [`delegated to ${say(wrong[0]?.names ?? [])}`];
  return wrong.map(({ server, names }) => `${server} still delegates to ${say(names)}`);
}

/** A name server inside the zone is found only by an address that the zone above gives along. */
function glueMissing(views: readonly Seen[], zone: string, wanted: readonly string[]): string[] {
  const referring = views.filter(({ own }) => !own);
  const inside = wanted.filter((name) => isWithin(name, zone));
  const missing = inside.filter((name) => referring.some(({ names, glue }) => names.includes(name) && !glue.has(name)));
  return missing.map((name) => `the address of ${name} (glue) is missing`);
}

/** Name servers that the zone above refers to and that do not have the zone, at the addresses it gives along. */
async function lameOf(
  resolver: Resolver,
  zone: string,
  shown: readonly string[],
  views: readonly Seen[],
  via: readonly string[],
): Promise<{ lame: string[]; serving: string[] }> {
  const judged = await Promise.all(
    shown.map(async (name) => {
      const glue = [...new Set(views.flatMap((view) => view.glue.get(name) ?? []))];
      const addresses = glue.length > 0 ? glue : await resolver.addressesOf(name, via);
      const { silent } = await servingOf(resolver, [{ name, addresses }], zone);
      return { name, silent };
    }),
  );
  const lame = judged.filter(({ silent }) => silent.length > 0);
  return {
    lame: lame.map(({ name, silent }) => `${name} does not serve it (${silent.join('; ')})`),
    serving: judged.flatMap(({ name, silent }) => (silent.length === 0 ? [name] : [])),
  };
}

/** NS records, and addresses of the name servers that only the zone itself would know. */
async function recordsFor(
  resolver: Resolver,
  zone: string,
  wanted: readonly string[],
  via: readonly string[],
): Promise<string[]> {
  const inside = wanted.filter((name) => isWithin(name, zone));
  const glue = await Promise.all(
    inside.map(async (name) => {
      const addresses = await resolver.addressesOf(name, via);
      if (addresses.length === 0) return [`${name} IN A <its address>`];
      return addresses.map((address) => `${name} IN ${isIPv6(address) ? 'AAAA' : 'A'} ${address}`);
    }),
  );
  return [...wanted.map((name) => `${zone} IN NS ${name}`), ...glue.flat()];
}
