import type { Spec } from '../../spec/schema.ts';

/** What an image's age changes in the flags of federation-apiserver. */
export interface Era {
  /** `--admission-control` became `--enable-admission-plugins` after 1.9 (kubernetes 1.10 deprecated the former). */
  admission: 'admission-control' | 'enable-admission-plugins';
  /** Until 1.5 the server died without `--service-cluster-ip-range`; kubefed of 1.6 and later does not pass it. */
  serviceClusterIPRange: boolean;
}

interface Image {
  /** Name of the image, without registry and tag: `hyperkube-amd64` or `fcp-amd64`. */
  name: string;
  /** Its tag. */
  version: string;
}

/** Major and minor of a tag that looks like a Kubernetes version: `v1.5.0-alpha.0.1010_892a`, `1.9`. */
function kubernetesVersion(tag: string): [number, number] | undefined {
  const match = /^v?(\d+)\.(\d+)(?:[.+_-]|$)/.exec(tag);
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

const atMost = ([major, minor]: [number, number], limit: number): boolean =>
  major < 1 || (major === 1 && minor <= limit);

/** For a tag that tells nothing (`latest`, a git hash): the guide's hyperkube is old, `fcp` came with the last releases. */
const eraOfName = (name: string): Era =>
  name.startsWith('fcp')
    ? { admission: 'enable-admission-plugins', serviceClusterIPRange: false }
    : { admission: 'admission-control', serviceClusterIPRange: true };

/** The era of an image; `flags` other than `era` is the operator's word about admission and stands. */
export function eraOf(image: Image, flags: Spec['apiserver']['flags'] = 'era'): Era {
  const version = kubernetesVersion(image.version);
  const era: Era = version
    ? {
        admission: atMost(version, 9) ? 'admission-control' : 'enable-admission-plugins',
        serviceClusterIPRange: atMost(version, 5),
      }
    : eraOfName(image.name);
  if (flags === 'era') return era;
  const old = version === undefined && flags === 'enable-admission-plugins';
  return { admission: flags, serviceClusterIPRange: era.serviceClusterIPRange && !old };
}

/**
 * Whether a controller manager knows `--zone-id`: from 1.5 on, though not its early builds; of a tag that tells nothing
 * only `fcp`, which came with the last releases.
 */
export function knowsZoneId({ name, version }: Image): boolean {
  const numbers = kubernetesVersion(version);
  if (!numbers) return name.startsWith('fcp');
  return !atMost(numbers, 4) && !/^v?1\.5\.0-alpha/.test(version);
}

/**
 * Flags as arguments, sorted, so that the same spec always gives the same pod. `extraArgs` win over what fedctl would
 * set (names with or without `--`); an empty value leaves the flag out, which is the way to drop one that an image does
 * not know.
 */
export function renderFlags(flags: Record<string, string | undefined>, extraArgs: Record<string, string>): string[] {
  const extra = Object.entries(extraArgs).map(([name, value]) => [name.replace(/^--/, ''), value] as const);
  const all = { ...flags, ...Object.fromEntries(extra) };
  return Object.entries(all)
    .flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`--${name}=${value}`]))
    .sort();
}
