import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import type { ImageReference } from '../../src/plan/image-reference.ts';
import { formatReference } from '../../src/plan/image-reference.ts';
import { currentContext } from '../context.ts';
import { failure, httpFailure } from '../fail.ts';
import type { Credentials } from './docker-config.ts';
import {
  type Answer,
  exchange,
  exchangeRaw,
  type Outgoing,
  retryAfterMs,
  type Trust,
  wordsOf,
} from './registry-http.ts';

/** Media types of what a tag may point to. Docker's own first: old registries know no others. */
const accept = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ');

/** What registries are reached with. */
export interface RegistrySettings {
  isInsecure(registry: string): boolean;
  /** PEM file of the CAs of registries. */
  caFile: string | undefined;
  /** Credentials for a registry; undefined: anonymous. */
  credentials(registry: string): Promise<Credentials | undefined>;
}

/** Registries as fedctl uses them (https://github.com/opencontainers/distribution-spec/blob/main/spec.md). */
export interface Registries {
  /** Digest of the manifest that tag or digest names; undefined when the registry has none. */
  find(reference: ImageReference): Promise<string | undefined>;
  /** The same, but throws IMAGE_NOT_FOUND. */
  digestOf(reference: ImageReference): Promise<string>;
  /** Platforms of an image, `linux/amd64`: of an index all, else the one of its config; none where it does not tell. */
  platformsOf(reference: ImageReference, digest: string): Promise<string[]>;
  /** Tags of a repository; empty when the registry has none. */
  tagsOf(place: Pick<ImageReference, 'registry' | 'repository'>): Promise<string[]>;
  /** Proves the right to push: starts an upload and cancels it. Throws REGISTRY_DENIED. */
  checkPush(place: Pick<ImageReference, 'registry' | 'repository'>): Promise<void>;
}

/** A registry's address: its scheme is found out once. */
interface Base {
  registry: string;
  origin: string;
  trust: Trust;
}

/** Docker Hub serves its API elsewhere than its name says. */
const hostOf = (registry: string): string => (registry === 'docker.io' ? 'registry-1.docker.io' : registry);

const basic = ({ user, password }: Credentials): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** `Bearer realm="...",service="..."`: scheme in lower case, and parameters. */
function challengeOf(answer: Answer): { scheme: string; parameters: Record<string, string> } {
  const header = answer.headers['www-authenticate'] ?? '';
  const parameters = [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]);
  return { scheme: (/^\w+/.exec(header)?.[0] ?? '').toLowerCase(), parameters: Object.fromEntries(parameters) };
}

function denied(answer: Answer, base: Base, what: string): Error {
  if (answer.status !== 401 && answer.status !== 403) {
    const { status } = answer;
    const about = { server: `registry ${base.registry}`, what: `registry ${base.registry}: ${what}` };
    return httpFailure({ status, message: wordsOf(answer), retryAfterMs: retryAfterMs(answer) }, about);
  }
  const message = `registry ${base.registry} answered ${answer.status} to ${what}: ${wordsOf(answer)}`;
  return failure('REGISTRY_DENIED', message, { registry: base.registry, status: answer.status });
}

/** The request for a token: by refresh token where there is one, else by user and password, else for nobody. */
function tokenRequest(realm: URL, asked: Record<string, string>, credentials: Credentials | undefined): Outgoing {
  if (credentials?.identityToken) {
    const form = {
      ...asked,
      grant_type: 'refresh_token',
      client_id: 'fedctl',
      refresh_token: credentials.identityToken,
    };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: new URLSearchParams(form).toString() };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return { method: 'GET', url, headers: credentials ? { authorization: basic(credentials) } : {} };
}

/**
 * A token by the flow of https://distribution.github.io/distribution/spec/auth/token/: the realm gives one for the
 * scope, to whoever the credentials say.
 */
async function tokenOf(
  base: Base,
  { realm: place = '', service }: Record<string, string>,
  scope: string,
  credentials: Credentials | undefined,
): Promise<string> {
  const registry = `registry ${base.registry}`;
  if (!URL.canParse(place)) throw failure('INVALID', `${registry} names no realm for tokens`, { server: registry });
  const realm = new URL(place);
  // Credentials go over plain HTTP only to a registry that is reached that way itself.
  if (realm.protocol !== 'https:' && base.origin.startsWith('https:'))
    throw failure('REGISTRY_DENIED', `${registry} asks for tokens over plain HTTP, at ${realm.origin}`, {
      registry: base.registry,
    });
  const request = tokenRequest(realm, { ...(service ? { service } : {}), scope }, credentials);
  const answer = await exchange(request, base.trust, base.registry);
  if (answer.status !== 200) throw denied(answer, base, 'asking for a token');
  const token = tokenIn(answer.body.toString('utf8'));
  if (!token) throw failure('INVALID', `${registry}: ${realm.origin} gave no token`, { server: registry });
  return token;
}

function tokenIn(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { token?: string; access_token?: string };
    return body.token ?? body.access_token;
  } catch {
    return undefined;
  }
}

/** Whether an error says that the server speaks no TLS, or that nothing listens at the port of HTTPS. */
const speaksNoTls = (error: unknown): boolean => {
  const { code = '', message = '' } = (error ?? {}) as NodeJS.ErrnoException;
  return (
    /^(EPROTO|ERR_SSL|ECONNREFUSED|ECONNRESET)/.test(code) ||
    /wrong version number|packet length too long/.test(message)
  );
};

/** A client of any registry. Files are read anew by each: they may be mended while a step is parked. */
export function registries(settings: RegistrySettings): Registries {
  const bases = new Map<string, Promise<Base>>();

  async function discover(registry: string): Promise<Base> {
    const insecure = settings.isInsecure(registry);
    const ca = settings.caFile === undefined ? undefined : await readCa(settings.caFile);
    const secure = { registry, origin: `https://${hostOf(registry)}`, trust: { ca, anyCertificate: insecure } };
    if (!insecure) return secure;
    try {
      await exchangeRaw({ method: 'GET', url: new URL('/v2/', secure.origin) }, secure.trust);
      return secure;
    } catch (error) {
      if (currentContext().signal.aborted || !speaksNoTls(error)) return secure;
      return { ...secure, origin: `http://${hostOf(registry)}` };
    }
  }
  const baseOf = (registry: string): Promise<Base> => {
    const known = bases.get(registry) ?? discover(registry);
    bases.set(registry, known);
    return known;
  };

  /** Sends; when the registry asks who it is, answers and sends again. */
  async function send(base: Base, request: Outgoing, scope: string): Promise<Answer> {
    const first = await exchange(request, base.trust, base.registry);
    if (first.status !== 401) return first;
    const { scheme, parameters } = challengeOf(first);
    const credentials = await settings.credentials(base.registry);
    let authorization: string;
    if (scheme === 'bearer') authorization = `Bearer ${await tokenOf(base, parameters, scope, credentials)}`;
    else if (scheme === 'basic' && credentials) authorization = basic(credentials);
    else return first;
    return exchange({ ...request, headers: { ...request.headers, authorization } }, base.trust, base.registry);
  }

  async function find(reference: ImageReference): Promise<string | undefined> {
    const { repository, digest, tag = 'latest' } = reference;
    const base = await baseOf(reference.registry);
    const url = new URL(`/v2/${repository}/manifests/${digest ?? tag}`, base.origin);
    const scope = `repository:${repository}:pull`;
    const headers = { accept };
    const head = await send(base, { method: 'HEAD', url, headers }, scope);
    if (head.status === 404) return undefined;
    const told = head.headers['docker-content-digest'];
    if (head.status === 200 && typeof told === 'string') return told;
    // HEAD has no words of its own when it fails, and some registries tell no digest: GET has both.
    const answer = await send(base, { method: 'GET', url, headers }, scope);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw denied(answer, base, `reading ${formatReference(reference)}`);
    const computed = `sha256:${createHash('sha256').update(answer.body).digest('hex')}`;
    return String(answer.headers['docker-content-digest'] ?? computed);
  }

  /** Reads JSON of a repository; undefined for 404 and for what is no JSON. */
  async function read(
    place: Pick<ImageReference, 'registry' | 'repository'>,
    path: string,
  ): Promise<{ body: unknown; next: string | undefined } | undefined> {
    const base = await baseOf(place.registry);
    const url = new URL(path, base.origin);
    const scope = `repository:${place.repository}:pull`;
    const answer = await send(base, { method: 'GET', url, headers: { accept } }, scope);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw denied(answer, base, `reading ${place.registry}${url.pathname}`);
    const next = /<([^>]+)>;\s*rel="?next"?/.exec(String(answer.headers['link'] ?? ''))?.[1];
    return { body: jsonOf(answer.body), next: next && nextPath(next, url) };
  }

  async function platformsOf(reference: ImageReference, digest: string): Promise<string[]> {
    const at = `/v2/${reference.repository}`;
    const manifest = (await read(reference, `${at}/manifests/${digest}`))?.body as Manifest | undefined;
    if (manifest?.manifests) return manifest.manifests.flatMap(({ platform }) => platformIn(platform));
    const config = manifest?.config?.digest;
    if (!config) return [];
    return platformIn((await read(reference, `${at}/blobs/${config}`))?.body as Platform | undefined);
  }

  async function tagsOf(place: Pick<ImageReference, 'registry' | 'repository'>): Promise<string[]> {
    const tags: string[] = [];
    let path: string | undefined = `/v2/${place.repository}/tags/list`;
    for (let pages = 0; path !== undefined && pages < pagesAtMost; pages += 1) {
      const answer = await read(place, path);
      tags.push(...((answer?.body as { tags?: string[] | null } | undefined)?.tags ?? []));
      path = answer?.next;
    }
    return tags;
  }

  return {
    find,
    platformsOf,
    tagsOf,
    digestOf: async (reference) => {
      const digest = await find(reference);
      if (digest) return digest;
      const image = formatReference(reference);
      throw failure('IMAGE_NOT_FOUND', `registry ${reference.registry} has no ${image}`, { image });
    },
    checkPush: async ({ registry, repository }) => {
      const base = await baseOf(registry);
      const scope = `repository:${repository}:pull,push`;
      const url = new URL(`/v2/${repository}/blobs/uploads/`, base.origin);
      const what = `the right to push ${registry}/${repository}`;
      const answer = await send(base, { method: 'POST', url }, scope);
      if (answer.status !== 202) throw denied(answer, base, what);
      const { location } = answer.headers;
      const upload = new URL(location ?? url, url);
      // An upload that is not taken away goes by itself. Credentials are for this host only; behind a proxy that ends
      // TLS registries give their address with http.
      upload.protocol = url.protocol;
      if (location && upload.host === url.host) await send(base, { method: 'DELETE', url: upload }, scope);
    },
  };
}

/** Pages of tags that are read at most: a registry that always names a next one must not hold a step for ever. */
const pagesAtMost = 1_000;

/** What is read of a manifest or an index (https://github.com/opencontainers/image-spec). */
interface Manifest {
  manifests?: { platform?: Platform }[];
  config?: { digest?: string };
}
interface Platform {
  os?: string;
  architecture?: string;
}

const platformIn = (platform: Platform | undefined): string[] =>
  platform?.os && platform.architecture ? [`${platform.os}/${platform.architecture}`] : [];

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Path and query of the next page; undefined for one of another host, which gets no credentials of ours. */
function nextPath(next: string, at: URL): string | undefined {
  const url = new URL(next, at);
  return url.host === at.host ? `${url.pathname}${url.search}` : undefined;
}

/** CAs to trust: those of the file beside those that Node trusts anyway. */
async function readCa(file: string): Promise<string[]> {
  try {
    return [...getCACertificates('default'), await readFile(file, 'utf8')];
  } catch (error) {
    throw failure('INVALID', `cannot read images.caFile ${file}: ${(error as NodeJS.ErrnoException).code ?? ''}`);
  }
}
