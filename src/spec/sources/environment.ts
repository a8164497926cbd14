import { newestVersion } from '../../images/newest-tag.ts';
import type { Path } from '../problem.ts';

/** Variables by name, as a process has them; an empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value for a field, and the variable it comes from. */
export interface FromEnvironment {
  path: Path;
  value: string;
  variable: string;
  /** Only when this field was filled by the same variable. */
  with?: Path;
}

/** Providers that go without saying: the guide's own inference, by KUBERNETES_PROVIDER. */
const dnsOfCloud: Readonly<Record<string, string>> = {
  gce: 'google-clouddns',
  gke: 'google-clouddns',
  aws: 'aws-route53',
};

/**
 * What the guide's variables say. With `build` the registry and tag are those to push to, else those to pull `images` from; a
 * tag of FEDERATION_IMAGE_TAG that the registry has is then used as it is, as the previous mechanism had it.
 * FEDERATION_PUSH_REPO_BASE alone means the newest version that is there.
 */
export function fromEnvironment(
  env: Environment,
  given: { build: boolean; dns: boolean; images: readonly string[] },
): FromEnvironment[] {
  const one = (variable: string, ...paths: Path[]): FromEnvironment[] => {
    const value = env[variable]?.trim();
    return value ? paths.map((path) => ({ path, value, variable })) : [];
  };
  return [
    ...one('FEDERATION_NAME', ['metadata', 'name']),
    ...(given.build ? pushTo(one) : pullFrom(one, given.images)),
    ...(given.dns || env['DNS_ZONE_NAME'] ? dnsOf(env, one) : []),
  ];
}

type One = (variable: string, ...paths: Path[]) => FromEnvironment[];

const push = (key: string): Path => ['spec', 'images', 'build', 'push', key];
/** The first that is set wins. */
const pushTo = (one: One): FromEnvironment[] => [
  ...one('KUBE_REGISTRY', push('registry')),
  ...one('FEDERATION_PUSH_REPO_BASE', push('registry')),
  ...one('KUBE_VERSION', push('tag')),
  ...one('FEDERATION_IMAGE_TAG', push('tag')),
  ...one('FEDERATION_IMAGE_TAG', push('ifThere')).map((from) => ({ ...from, value: 'use', with: push('tag') })),
];

function pullFrom(one: One, images: readonly string[]): FromEnvironment[] {
  const pull = (key: string): Path[] => images.map((image) => ['spec', 'images', image, key]);
  const registries = one('FEDERATION_PUSH_REPO_BASE', ...pull('registry'));
  const versions = one('FEDERATION_IMAGE_TAG', ...pull('version'));
  const alone = registries.length > 0 && versions.length === 0;
  const newest = alone ? pull('version').map((path, at) => ({ path, ...newestOf(registries[at]) })) : [];
  return [...registries, ...versions, ...newest];
}

const newestOf = (registry: FromEnvironment | undefined): Omit<FromEnvironment, 'path'> => ({
  value: newestVersion,
  variable: 'FEDERATION_PUSH_REPO_BASE',
  ...(registry ? { with: registry.path } : {}),
});

function dnsOf(env: Environment, one: One): FromEnvironment[] {
  const inferred = dnsOfCloud[env['KUBERNETES_PROVIDER'] ?? ''];
  return [
    ...one('DNS_ZONE_NAME', ['spec', 'dns', 'zone']),
    ...one('DNS_DOMAIN_NAME', ['spec', 'dns', 'domain']),
    ...one('FEDERATION_DNS_PROVIDER', ['spec', 'dns', 'provider']),
    ...(inferred ? [{ path: ['spec', 'dns', 'provider'], value: inferred, variable: 'KUBERNETES_PROVIDER' }] : []),
  ];
}
