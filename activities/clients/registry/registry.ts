import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { formatReference, type ImageReference } from '../../../src/images/reference.ts';
import { currentContext } from '../../kit/context.ts';
import { failure } from '../../kit/fail.ts';
import type { Credentials } from './docker-config.ts';
import { type Base, basic, challengeOf, tokenOf } from './auth.ts';
import { sha256Of } from '../../kit/digest.ts';
import { provenDigest, toldDigest } from './digest.ts';
import { type Answer, exchange, exchangeRaw, type Outgoing, refusal, type Trust, wordsOf } from './http.ts';

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
  /** ms one request may take; 30 s unless given. */
  timeoutMs?: number | undefined;
}

/** Registries as fedctl uses them (https://github.com/opencontainers/distribution-spec/blob/main/spec.md). */
export interface Registries {
  /**
   * Digest of the manifest that tag or digest names; undefined when the registry has none. Throws DIGEST_MISMATCH when
   * the registry answers with another than was asked for.
   */
  find(reference: ImageReference): Promise<string | undefined>;
  /** The same, but throws IMAGE_NOT_FOUND, with the registry's words. */
  digestOf(reference: ImageReference): Promise<string>;
  /** Digest of the image's config, which is the image's id for most engines; undefined for an index, or none. */
  configOf(reference: ImageReference): Promise<string | undefined>;
  /** Platforms of an image, `linux/amd64`: of an index all, else the one of its config; none where it does not tell. */
  platformsOf(reference: ImageReference, digest: string): Promise<string[]>;
  /** Tags of a repository; empty when the registry has none. */
  tagsOf(place: Pick<ImageReference, 'registry' | 'repository'>): Promise<string[]>;
  /**
   * Proves the right to push: starts an upload and cancels it. Throws REGISTRY_DENIED, REGISTRY_READ_ONLY or
   * REPOSITORY_MISSING.
   */
  checkPush(place: Pick<ImageReference, 'registry' | 'repository'>): Promise<void>;
}

/** Docker Hub serves its API elsewhere than its name says. */
const hostOf = (registry: string): string => (registry === 'docker.io' ? 'registry-1.docker.io' : registry);

/** Whether an error says that the server speaks no TLS, or that nothing listens at the port of HTTPS. */
const speaksNoTls = (error: unknown): boolean => {
  const { code = '', message = '' } = (error ?? {}) as NodeJS.ErrnoException;
  return (
    /^(EPROTO|ERR_SSL|ECONNREFUSED|ECONNRESET)/.test(code) ||
    /wrong version number|packet length too long/.test(message)
  );
};

/** A client of any registry. Files are read anew by each: they may be fixed while a step is parked. */
export function registries(settings: RegistrySettings): Registries {
  const bases = new Map<string, Promise<Base>>();

  async function discover(registry: string): Promise<Base> {
    const insecure = settings.isInsecure(registry);
    const ca = settings.caFile === undefined ? undefined : await readCa(settings.caFile);
    const trust: Trust = { ca, anyCertificate: insecure, timeoutMs: settings.timeoutMs };
    const secure = { registry, origin: `https://${hostOf(registry)}`, trust };
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

  /** Asks for a manifest: its digest, or the answer that says that there is none. */
  async function look(reference: ImageReference, method: 'HEAD' | 'GET'): Promise<{ digest?: string; body?: Answer }> {
    const { repository, digest, tag = 'latest' } = reference;
    const base = await baseOf(reference.registry);
    const url = new URL(`/v2/${repository}/manifests/${digest ?? tag}`, base.origin);
    const scope = `repository:${repository}:pull`;
    const answer = await send(base, { method, url, headers: { accept } }, scope);
    if (method === 'HEAD') {
      if (answer.status === 404) return {};
      const told = toldDigest(answer);
      // HEAD has no words of its own when it fails, and some registries tell no digest: GET has both.
      return answer.status === 200 && told ? { digest: told } : look(reference, 'GET');
    }
    if (answer.status === 404) return { body: answer };
    if (answer.status !== 200) throw refusal(answer, base.registry, `reading ${formatReference(reference)}`);
    return { digest: provenDigest(answer, formatReference(reference)), body: answer };
  }

  async function find(reference: ImageReference): Promise<string | undefined> {
    const { digest } = await look(reference, 'HEAD');
    if (digest && reference.digest && digest !== reference.digest) throw mismatch(reference, digest);
    return digest;
  }

  /** Reads JSON of a repository; undefined for 404 and for what is no JSON. */
  async function read(
    place: Pick<ImageReference, 'registry' | 'repository'>,
    path: string,
  ): Promise<{ body: unknown; raw: Buffer; next: string | undefined } | undefined> {
    const base = await baseOf(place.registry);
    const url = new URL(path, base.origin);
    const scope = `repository:${place.repository}:pull`;
    const answer = await send(base, { method: 'GET', url, headers: { accept } }, scope);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refusal(answer, base.registry, `reading ${place.registry}${url.pathname}`);
    const next = /<([^>]+)>;\s*rel="?next"?/.exec(String(answer.headers['link'] ?? ''))?.[1];
    return { body: jsonOf(answer.body), raw: answer.body, next: next && nextPath(next, url) };
  }

  /** Reads a manifest by its digest, which its bytes must have. */
  async function manifestOf(reference: ImageReference, digest: string): Promise<Manifest | undefined> {
    const found = await read(reference, `/v2/${reference.repository}/manifests/${digest}`);
    const computed = found && sha256Of(found.raw);
    if (computed && computed !== digest) throw mismatch({ ...reference, digest }, computed);
    return found?.body as Manifest | undefined;
  }

  async function platformsOf(reference: ImageReference, digest: string): Promise<string[]> {
    const manifest = await manifestOf(reference, digest);
    if (manifest?.manifests) return manifest.manifests.flatMap(({ platform }) => platformIn(platform));
    const config = manifest?.config?.digest;
    if (!config) return [];
    return platformIn((await read(reference, `/v2/${reference.repository}/blobs/${config}`))?.body as Platform);
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
      const { body } = await look(reference, 'GET');
      const words = body?.status === 404 ? wordsOf(body) : '';
      const message = `registry ${reference.registry} has no ${image}${words ? `: ${words}` : ''}`;
      throw failure('IMAGE_NOT_FOUND', message, { image });
    },
    configOf: async (reference) => {
      const digest = await find(reference);
      return digest && (await manifestOf(reference, digest))?.config?.digest;
    },
    checkPush: async ({ registry, repository }) => {
      const base = await baseOf(registry);
      const scope = `repository:${repository}:pull,push`;
      const url = new URL(`/v2/${repository}/blobs/uploads/`, base.origin);
      const what = `the start of a push to ${registry}/${repository}`;
      const answer = await send(base, { method: 'POST', url }, scope);
      if (answer.status !== 202) throw refusal(answer, registry, what, 'push');
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

/** What was asked for by its digest is something else. */
const mismatch = (reference: ImageReference, digest: string): Error =>
  failure('DIGEST_MISMATCH', `registry ${reference.registry} answers ${formatReference(reference)} with ${digest}`, {
    registry: reference.registry,
  });

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
