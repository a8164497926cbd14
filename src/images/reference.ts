/** An image, with registry and repository always in full: `docker.io/library/busybox`, never `busybox`. */
export interface ImageReference {
  /** Host, with port where there is one. */
  registry: string;
  repository: string;
  tag?: string;
  /** `sha256:<hex>` of the manifest. */
  digest?: string;
}

/** How an image is named in the spec. */
export interface ImageName {
  registry?: string | undefined;
  name: string;
  version?: string | undefined;
}

/** Grammar of https://pkg.go.dev/github.com/distribution/reference, without algorithms that nobody uses. */
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const grammar = new RegExp(
  `^(?:(?<registry>[A-Za-z0-9.-]+(?::[0-9]+)?|\\[[0-9a-f:]+\\](?::[0-9]+)?)/)?(?<repository>${component}(?:/${component})*)` +
    '(?::(?<tag>[A-Za-z0-9_][\\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$',
);

/** The first part of a name is a registry only when it could be nothing else: docker's own rule. */
const isRegistry = (part: string): boolean => /[.:A-Z]/.test(part) || part === 'localhost';

/**
 * Reads `registry/name:tag@sha256:...`; without registry it is docker.io (there, a name of one part is in library/),
 * without tag and digest the tag is latest. Returns undefined for a text that is no reference.
 */
export function parseReference(text: string): ImageReference | undefined {
  const groups = grammar.exec(text)?.groups;
  if (!groups) return undefined;
  const { registry: first, repository: rest = '', tag, digest } = groups;
  const place = first === undefined ? inHub(rest) : isRegistry(first) ? at(first, rest) : inHub(`${first}/${rest}`);
  return { ...place, ...version(tag ?? (digest ? undefined : 'latest'), digest) };
}

/** The tag of a reference; '' of one that has a digest alone, and of a text that is no reference. */
export const tagOf = (text: string): string => parseReference(text)?.tag ?? '';

const inHub = (name: string): ImageReference => ({
  registry: 'docker.io',
  repository: name.includes('/') ? name : `library/${name}`,
});
const at = (registry: string, name: string): ImageReference =>
  /^(index\.|registry-1\.)?docker\.io$/.test(registry) ? inHub(name) : { registry, repository: name };
const version = (tag: string | undefined, digest: string | undefined): Pick<ImageReference, 'tag' | 'digest'> => ({
  ...(tag ? { tag } : {}),
  ...(digest ? { digest } : {}),
});

/** `registry/repository:tag@digest`, as far as there is one. What parseReference reads. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

/** `registry/name:version`; a version that is a digest is set apart by `@`. */
export function joinReference({ registry, name, version }: ImageName): string {
  const path = registry ? `${registry.replace(/\/+$/, '')}/${name}` : name;
  if (!version) return path;
  return version.startsWith('sha256:') ? `${path}@${version}` : `${path}:${version}`;
}

/**
 * The place that `images.mirrors` names instead: a map of prefixes, `quay.io` or `gcr.io/google_containers`; the
 * longest wins, and a prefix ends at a slash. Without one that fits the reference stays as it is. Returns undefined
 * when a mirror is no place for an image.
 */
export function mirrored(
  reference: ImageReference,
  mirrors: Readonly<Record<string, string>>,
): ImageReference | undefined {
  const path = `${reference.registry}/${reference.repository}`;
  const fits = Object.keys(mirrors)
    .filter((prefix) => path === prefix || path.startsWith(`${prefix.replace(/\/+$/, '')}/`))
    .sort((a, b) => b.length - a.length)[0];
  if (fits === undefined) return reference;
  const rest = path.slice(fits.replace(/\/+$/, '').length);
  const place = parseReference(`${(mirrors[fits] ?? '').replace(/\/+$/, '')}${rest}`);
  if (!place) return undefined;
  const { registry, repository } = place;
  return { registry, repository, ...version(reference.tag, reference.digest) };
}

/** A registry of this very machine: nobody stands between, so that engines take it for insecure by themselves. */
const loopback = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?$/;

/** Whether plain HTTP and any certificate will do: for what `images.insecureRegistries` names, and on loopback. */
export const isInsecure = (registry: string, images: { insecureRegistries: readonly string[] }): boolean =>
  loopback.test(registry) || images.insecureRegistries.includes(registry);

/** The same image at this digest: what the pods are pinned to. */
export const pinned = (reference: ImageReference, digest: string): string => formatReference({ ...reference, digest });
