import { Resolver } from 'node:dns/promises';

/** ms a name server has for one answer; asked twice. */
const answerMs = 2_000;

const resolver = (servers: readonly string[]): Resolver => {
  const made = new Resolver({ timeout: answerMs, tries: 2 });
  if (servers.length > 0) made.setServers([...servers]);
  return made;
};

/** What one name server says: the SOA's primary, or why it gave none. */
export type SoaAnswer = { primary: string } | { why: string };

/** Asks exactly one server (`ip` or `ip:port`) for a zone's SOA. Never throws. */
export async function askSoa(server: string, zone: string): Promise<SoaAnswer> {
  try {
    return { primary: (await resolver([server]).resolveSoa(zone)).nsname };
  } catch (error) {
    return { why: `${server} gives no SOA for ${zone} (${(error as NodeJS.ErrnoException).code ?? 'no answer'})` };
  }
}

/** Addresses of a host name, asked of the given resolvers or, without any, of the system's; empty when there are none. */
export async function addressesOf(name: string, servers: readonly string[] = []): Promise<string[]> {
  const asked = resolver(servers);
  const answers = await Promise.allSettled([asked.resolve4(name), asked.resolve6(name)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

/** NS names of a zone as its delegation shows them to the given resolvers; undefined when nobody answers. */
export async function nameServersOf(zone: string, servers: readonly string[] = []): Promise<string[] | undefined> {
  try {
    const names = await resolver(servers).resolveNs(zone);
    return names.map((name) => `${name.toLowerCase()}.`).sort();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOTFOUND' || code === 'ENODATA' ? [] : undefined;
  }
}
