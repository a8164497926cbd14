import { createHash } from 'node:crypto';
import { isAbsolute, join, resolve } from 'node:path';
import { canonical } from '../../spec/canonical.ts';
import type { Spec } from '../../spec/schema.ts';

/**
 * SHA-256 of what the operator asked for: the spec before its paths are resolved, so that another checkout of the same
 * file is the same federation. The four image values are outputs when the run builds them, and are left out then.
 */
export function digestOf(spec: Spec): string {
  const { registry: _r, version: _v, ...apiserver } = spec.images.apiserver;
  const { registry: _r2, version: _v2, ...controllerManager } = spec.images.controllerManager;
  const asked = spec.images.build ? { ...spec, images: { ...spec.images, apiserver, controllerManager } } : spec;
  return `sha256:${createHash('sha256')
    .update(JSON.stringify(canonical(asked)))
    .digest('hex')}`;
}

/** Resolves every path of the spec against the folder of its file; `~/` is the home folder. */
export function resolvePaths(spec: Spec, folder: string, home: string): Spec {
  const at = (path: string): string =>
    path.startsWith('~/') ? join(home, path.slice(2)) : isAbsolute(path) ? path : resolve(folder, path);
  const field = <K extends string>(key: K, path: string | undefined) =>
    path === undefined ? {} : ({ [key]: at(path) } as Record<K, string>);
  const { host, images, controllerManager, dns, clusters } = spec;
  return {
    ...spec,
    host: { ...host, ...field('kubeconfig', host.kubeconfig) },
    images: {
      ...images,
      ...field('caFile', images.caFile),
      ...(images.build ? { build: { ...images.build, source: at(images.build.source) } } : {}),
      ...(images.pullSecret ? { pullSecret: { fromDockerConfig: at(images.pullSecret.fromDockerConfig) } } : {}),
    },
    controllerManager: {
      ...controllerManager,
      ...field('dnsProviderConfigFile', controllerManager.dnsProviderConfigFile),
    },
    ...(dns ? { dns: { ...dns, ...field('credentialsFile', dns.credentialsFile) } } : {}),
    clusters: clusters.map((cluster) => ({ ...cluster, ...field('kubeconfig', cluster.kubeconfig) })),
  };
}

/** SHA-256 of what was decided for a turn-down: two asking for the same follow the same run. */
export const digestOfChoices = (choices: object): string =>
  `sha256:${createHash('sha256')
    .update(JSON.stringify(canonical(choices)))
    .digest('hex')}`;
