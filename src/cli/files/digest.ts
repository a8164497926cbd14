import { createHash } from 'node:crypto';
import { isAbsolute, join, resolve } from 'node:path';
import { canonical } from '../../spec/canonical.ts';
import { distributionOf, type DistributionTable } from '../../distributions/table.ts';
import { imageSourcesOf } from '../../spec/image-sources.ts';
import type { Spec } from '../../spec/schema.ts';

/**
 * SHA-256 of what the operator asked for: the spec before its paths are resolved, so that another checkout of the same
 * file is the same federation. Registries and versions of images are outputs when the run builds them, and are left out
 * then: those that the distribution has in `spec.images`.
 */
export function digestOf(spec: Spec, distributions?: DistributionTable): string {
  const { images } = distributionOf(spec, distributions).spec;
  const asked = imageSourcesOf(spec).build
    ? { ...spec, images: { ...spec.images, ...named(spec.images, images) } }
    : spec;
  return `sha256:${createHash('sha256')
    .update(JSON.stringify(canonical(asked)))
    .digest('hex')}`;
}

/** Of images in parts what the operator names although the run builds them. */
const named = (all: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, object> =>
  Object.fromEntries(
    keys.map((key) => {
      const { registry: _registry, version: _version, ...image } = all[key] as Record<string, unknown>;
      return [key, image];
    }),
  );

/** Fields of every spec that are paths of files, and beside them the kubeconfigs of the members. */
const files: readonly string[] = [
  'host.kubeconfig',
  'images.caFile',
  'images.build.source',
  'images.pullSecret.fromDockerConfig',
  'dns.credentialsFile',
];

/** Resolves every path of the spec, and of its distribution, against the folder of its file; `~/` is the home folder. */
export function resolvePaths(spec: Spec, folder: string, home: string, distributions?: DistributionTable): Spec {
  const { files: own } = distributionOf(spec, distributions).spec;
  const at = (path: string): string =>
    path.startsWith('~/') ? join(home, path.slice(2)) : isAbsolute(path) ? path : resolve(folder, path);
  const clusters = spec.clusters.map((cluster) => resolved(cluster, ['kubeconfig'], at));
  return [...files, ...own].reduce((all, field) => resolved(all, field.split('.'), at), { ...spec, clusters });
}

/** A copy with the text at a place changed; where there is none, as it is. */
function resolved<T extends object>(value: T, [key = '', ...rest]: readonly string[], at: (path: string) => string): T {
  const inner = (value as Record<string, unknown>)[key];
  if (rest.length === 0) return typeof inner === 'string' ? { ...value, [key]: at(inner) } : value;
  return inner !== null && typeof inner === 'object' ? { ...value, [key]: resolved(inner, rest, at) } : value;
}

/** SHA-256 of what was decided for a turn-down: two asking for the same follow the same run. */
export const digestOfChoices = (choices: object): string =>
  `sha256:${createHash('sha256')
    .update(JSON.stringify(canonical(choices)))
    .digest('hex')}`;
