import { distributionOf } from '../../distributions/table.ts';
import type { Contexts } from '../../files/kubeconfig.ts';
import type { Answers } from './init-text.ts';
import type { Io } from '../io/io.ts';

/** What the flags said; `undefined` is not said. */
export interface Said {
  name: string | undefined;
  hostContext: string | undefined;
  zone: string | undefined;
  provider: string | undefined;
  /** URL of the PowerDNS API. */
  endpoint: string | undefined;
  image: Answers['image'];
  members: readonly { name: string; context: string }[];
}

/** Fields that are settled elsewhere, such as in values.yaml: nobody is asked for them. */
export type SettledField = 'name' | 'zone' | 'provider' | 'image';
export type Settled = ReadonlySet<SettledField>;

/** Where PowerDNS serves its API unless it is told otherwise. */
const local = 'http://127.0.0.1:8081';

/** Asks on the terminal for what the flags left open. An empty answer takes what stands in brackets. */
export async function askRest(io: Io, said: Said, contexts: Contexts, settled: Settled): Promise<Said> {
  const open = <Key extends keyof Said>(field: Key & SettledField, ask: () => Promise<Said[Key]>) =>
    said[field] !== undefined || settled.has(field) ? Promise.resolve(said[field]) : ask();
  const name = await open('name', () => askOr(io, 'name of the federation', 'federation'));
  if (said.hostContext === undefined || said.members.length === 0) offer(io, contexts);
  const hostContext = said.hostContext ?? (await askHost(io, contexts));
  const members = said.members.length > 0 ? said.members : await askMembers(io, contexts);
  const image = await open('image', () => askImage(io));
  const zone = (await open('zone', () => askOr(io, 'DNS zone, empty for none', ''))) || undefined;
  const askProvider = () => (zone ? askOr(io, 'DNS provider', 'powerdns') : Promise.resolve(undefined));
  const provider = await open('provider', askProvider);
  const endpoint = said.endpoint ?? (provider === 'powerdns' ? await askOr(io, 'URL of its API', local) : undefined);
  return { name, hostContext, members, image, zone, provider, endpoint };
}

function offer(io: Io, { names }: Contexts): void {
  if (names.length > 0) io.note('contexts of the kubeconfig:');
  names.forEach((context, index) => io.note(`  ${index + 1}  ${context}`));
}

async function askOr(io: Io, what: string, otherwise: string): Promise<string> {
  const answer = (await io.ask(`${what}${otherwise ? ` [${otherwise}]` : ''}: `)).trim();
  return answer || otherwise;
}

async function askHost(io: Io, contexts: Contexts): Promise<string> {
  for (;;) {
    const answer = await askOr(io, 'host cluster, by number or context', contexts.current ?? '');
    if (answer) return byNumber(answer, contexts);
  }
}

async function askMembers(io: Io, contexts: Contexts): Promise<Said['members']> {
  const answer = await askOr(io, 'members, by number or context, with spaces between; empty for none yet', '');
  return answer
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((word) => byNumber(word, contexts))
    .map((context) => ({ name: memberName(context), context }));
}

const { words } = distributionOf({});

async function askImage(io: Io): Promise<Answers['image']> {
  for (;;) {
    const answer = await askOr(io, 'image of the control plane, registry/name:version; empty to set it later', '');
    if (!answer) return undefined;
    const image = parseImage(answer);
    if (image) return image;
    io.note(`${answer} is not like ${words.image}`);
  }
}

const byNumber = (word: string, { names }: Contexts): string =>
  (/^\d+$/.test(word) ? names[Number(word) - 1] : undefined) ?? word;

/**
 * `registry/name:version` (or @digest) in its parts; undefined when one of them is missing. The registry is all before
 * the last slash, as in the guide's chart.
 */
export function parseImage(text: string): Answers['image'] {
  const [, registry, name, tag, digest] =
    /^(\S+)\/([^/:@\s]+)(?::([\w.+-]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  const version = digest ?? tag;
  if (!registry || !name || !version) return undefined;
  return { registry, version, ...(name === words.imageName ? {} : { name }) };
}

/** A name that the federation takes (DNS-1035), made of a context, which may be anything: an ARN, user@cluster. */
export function memberName(context: string): string {
  const words = context.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const name = /^[a-z]/.test(words.replace(/^-+/, '')) ? words.replace(/^-+/, '') : `c-${words.replace(/^-+/, '')}`;
  return (
    name
      .slice(-63)
      .replace(/^[^a-z]+/, '')
      .replace(/-+$/, '') || 'member'
  );
}
