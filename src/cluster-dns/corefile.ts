import type { FederationDomain } from './federations-setting.ts';

/** How a CoreDNS is configured for a federation: its federation plugin was dropped with 1.7.0 (coredns.io, notes of 1.7.0). */
export type CorefileDialect = 'federation-plugin' | 'rewrite';

/** What to write into a Corefile. `resolvers` (`ip:port`) know the zone; empty: CoreDNS' own upstream does. */
export interface CorefileEntry extends FederationDomain {
  dialect: CorefileDialect;
  resolvers: readonly string[];
}

/** One line of a Corefile: its tokens without comment, and how deep in braces it stands. */
interface Line {
  text: string;
  tokens: string[];
  depth: number;
}

/** A pair of braces: the lines of its opening and its closing. */
interface Block {
  from: number;
  to: number;
}

const begin = (federation: string): string => `# fedctl ${federation}: from here`;
const end = (federation: string): string => `# fedctl ${federation}: to here`;
const beginGrammar = /^\s*# fedctl (\S+): from here\s*$/;

/** Tokens as the Caddyfile has them: blanks part them, quotes hold them together, `#` at a token's start is a comment. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|#.*$|\S+/g)) {
    if (token.startsWith('#')) break;
    tokens.push(token);
  }
  return tokens;
}

function linesOf(text: string): Line[] {
  let depth = 0;
  return text.split('\n').map((one) => {
    const tokens = tokensOf(one);
    if (tokens[0] === '}') depth -= 1;
    const line = { text: one, tokens, depth };
    if (tokens.at(-1) === '{') depth += 1;
    return line;
  });
}

/** The end of the block that a line opens. */
const closing = (lines: readonly Line[], from: number): number =>
  lines.findIndex((line, at) => at > from && line.tokens[0] === '}' && line.depth === lines[from]?.depth);

/** The server block that has the kubernetes plugin, and where that plugin stands. undefined: there is none. */
function kubernetesBlock(lines: readonly Line[]): (Block & { plugin: number }) | undefined {
  const plugin = lines.findIndex(({ tokens, depth }) => depth === 1 && tokens[0] === 'kubernetes');
  const from = lines.findLastIndex(({ tokens, depth }, at) => at < plugin && depth === 0 && tokens.at(-1) === '{');
  const to = from < 0 ? -1 : closing(lines, from);
  // A snippet, `(name) {`, is no server: who imports it is not known here.
  if (plugin < 0 || to < plugin || lines[from]?.tokens[0]?.startsWith('(')) return undefined;
  return { from, to, plugin };
}

/** Why a Corefile cannot be edited; undefined: it can. */
export function corefileProblem(text: string): string | undefined {
  const lines = linesOf(text);
  const last = lines.at(-1);
  const left = (last?.depth ?? 0) + (last?.tokens.at(-1) === '{' ? 1 : 0);
  if (left !== 0 || lines.some(({ depth }) => depth < 0)) return 'its braces do not match';
  return kubernetesBlock(lines) ? undefined : 'no server block of it has the kubernetes plugin';
}

/** The cluster's own domain, as the kubernetes plugin names it first. */
function clusterDomain(line: Line | undefined): string {
  const [, zone = 'cluster.local'] = line?.tokens ?? [];
  return (zone === '{' ? 'cluster.local' : zone).replace(/\.$/, '');
}

/** The cluster's own domain in this Corefile. */
export function clusterDomainOf(text: string): string {
  const lines = linesOf(text);
  return clusterDomain(lines[kubernetesBlock(lines)?.plugin ?? -1]);
}

/** White space before the plugins of a block: ours stand under them. */
const indentOf = (lines: readonly Line[], { plugin }: { plugin: number }): string =>
  /^\s*/.exec(lines[plugin]?.text ?? '')?.[0] ?? '    ';

const escaped = (name: string): string => name.replaceAll('.', '\\.');

/**
 * Names of two labels below the federation go to the zone; `<service>.<federation>` itself, a service of a namespace
 * that is called like the federation, stays local. kube-dns asks for a local service first; a rewrite cannot.
 */
function rewriteLines({ federation, domain, resolvers }: CorefileEntry, cluster: string): string[] {
  const [near, far] = [`${federation}.svc.${cluster}.`, `${federation}.svc.${domain}.`];
  const two = '^([^.]+)\\.([^.]+)\\.';
  const rule = [
    'rewrite stop name regex',
    `${two}${escaped(near)}$ {1}.{2}.${far}`,
    'answer name',
    `${two}${escaped(far)}$ {1}.{2}.${near}`,
  ];
  const forward = resolvers.length > 0 ? [`forward ${domain}. ${resolvers.join(' ')}`] : [];
  return [begin(federation), rule.join(' '), ...forward, end(federation)];
}

const pluginMark = '# fedctl';

/** True when the text names this federation, by whoever's hand. */
export const corefileNames = (text: string, federation: string): boolean =>
  ownPart(linesOf(text), federation) !== undefined || pluginLine(linesOf(text), federation) >= 0;

/** Our marked lines of a federation. */
function ownPart(lines: readonly Line[], federation: string): Block | undefined {
  const from = lines.findIndex(({ text }) => text.trim() === begin(federation));
  const to = lines.findIndex(({ text }, at) => at > from && text.trim() === end(federation));
  return from < 0 || to < 0 ? undefined : { from, to };
}

/** The stanza of the federation plugin in the server block. */
function stanzaOf(lines: readonly Line[]): Block | undefined {
  const from = lines.findIndex(
    ({ tokens, depth }) => depth === 1 && tokens[0] === 'federation' && tokens.at(-1) === '{',
  );
  return from < 0 ? undefined : { from, to: closing(lines, from) };
}

function pluginLine(lines: readonly Line[], federation: string): number {
  const stanza = stanzaOf(lines);
  if (!stanza) return -1;
  return lines.findIndex(({ tokens }, at) => at > stanza.from && at < stanza.to && tokens[0] === federation);
}

const joined = (lines: readonly (Line | string)[]): string =>
  lines.map((line) => (typeof line === 'string' ? line : line.text)).join('\n');

/** The Corefile with this federation in it; the same text when it is there already. Of a Corefile without a problem. */
export function withFederationInCorefile(text: string, entry: CorefileEntry): string {
  const bare = withoutFederationInCorefile(text, entry.federation);
  const lines = linesOf(bare);
  const server = kubernetesBlock(lines);
  if (!server) return text;
  const indent = indentOf(lines, server);
  const cluster = clusterDomain(lines[server.plugin]);
  if (entry.dialect === 'federation-plugin') return withPluginLine(lines, server, entry, { indent, cluster, text });
  // Ours stand first in the block, so that their forward goes before the one for everything; sorted by name.
  let at = server.from + 1;
  for (let mark = beginGrammar.exec(lines[at]?.text ?? ''); mark; mark = beginGrammar.exec(lines[at]?.text ?? '')) {
    const other = mark[1] ?? '';
    if (other > entry.federation) break;
    at = (ownPart(lines, other)?.to ?? at) + 1;
  }
  const added = rewriteLines(entry, cluster).map((line) => indent + line);
  return joined([...lines.slice(0, at), ...added, ...lines.slice(at)]);
}

interface Place {
  indent: string;
  cluster: string;
  text: string;
}

function withPluginLine(lines: Line[], server: { plugin: number }, entry: CorefileEntry, place: Place): string {
  const { indent, cluster } = place;
  const line = `${indent}   ${entry.federation} ${entry.domain} ${pluginMark}`;
  const stanza = stanzaOf(lines);
  if (!stanza) {
    const added = [`${indent}federation ${cluster} { ${pluginMark}`, line, `${indent}}`];
    const before = server.plugin;
    return joined([...lines.slice(0, before), ...added, ...lines.slice(before)]);
  }
  const there = pluginLine(lines, entry.federation);
  if (there >= 0) {
    // Somebody else's entry of the same name; right or not, it is theirs unless its domain differs.
    if (lines[there]?.tokens[1] === entry.domain) return place.text;
    return joined(lines.map((one, at) => (at === there ? line : one)));
  }
  const mine = (one: Line | undefined): boolean => one?.text.endsWith(pluginMark) ?? false;
  let at = stanza.to;
  while (at - 1 > stanza.from && mine(lines[at - 1]) && (lines[at - 1]?.tokens[0] ?? '') > entry.federation) at -= 1;
  return joined([...lines.slice(0, at), line, ...lines.slice(at)]);
}

/** The Corefile without what fedctl wrote for this federation; a stanza that fedctl opened goes with its last entry. */
export function withoutFederationInCorefile(text: string, federation: string): string {
  const lines = linesOf(text);
  const part = ownPart(lines, federation);
  if (part) return joined([...lines.slice(0, part.from), ...lines.slice(part.to + 1)]);
  const at = pluginLine(lines, federation);
  if (at < 0 || !lines[at]?.text.endsWith(pluginMark)) return text;
  const left = [...lines.slice(0, at), ...lines.slice(at + 1)];
  const stanza = stanzaOf(left);
  const opened = stanza && left[stanza.from]?.text.endsWith(pluginMark);
  const empty = stanza && left.slice(stanza.from + 1, stanza.to).every(({ text: one }) => one.trim() === '');
  if (!opened || !empty) return joined(left);
  return joined([...left.slice(0, stanza.from), ...left.slice(stanza.to + 1)]);
}
