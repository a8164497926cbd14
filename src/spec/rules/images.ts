import { joinReference, mirrored, parseReference } from '../../images/reference.ts';
import type { Finding, Path } from '../problem.ts';
import type { Spec } from '../schema.ts';
import { isImageVersion, isRegistryHost } from '../texts.ts';
import { emptyWords } from './words.ts';

const at = (...rest: Path): Path => ['spec', 'images', ...rest];

/** An image in parts; `images.build` or the environment may bring the rest. */
interface ImageInParts {
  registry?: string | undefined;
  name: string;
  version?: string | undefined;
}

/** What is wrong with where images come from and go to, whatever they are. */
export const imageSourceRules = (
  images: Omit<Spec['images'], 'apiserver' | 'controllerManager' | 'etcd'>,
): Finding[] => [
  ...(images.build ? buildRules(images.build) : []),
  ...mirrorRules(images),
  ...images.insecureRegistries.flatMap((host, index) => registryHost(at('insecureRegistries', index), host)),
];

/** What is wrong with an image in parts, at its key of `spec.images`. */
export function imageRules(component: string, { registry, name, version }: ImageInParts): Finding[] {
  const wrongVersion = version !== undefined && !isImageVersion(version);
  return [
    ...(registry === undefined ? [] : registryPlace(at(component, 'registry'), registry)),
    ...(wrongVersion ? [noTag(at(component, 'version'), version)] : []),
    ...(parseReference(joinReference({ name })) ? [] : [noImage(at(component, 'name'), name)]),
  ];
}

const noTag = (path: Path, text: string): Finding => ({
  path,
  message: `${text} is not an image tag`,
  hint: 'at most 128 of A-Z, a-z, 0-9, "_", "." and "-"; or a digest, sha256:...',
});
const noImage = (path: Path, text: string): Finding => ({
  path,
  message: `${text} is not an image name`,
  hint: 'lowercase, without a scheme: quay.io/coreos/etcd:v3.6.8',
});

/** What is wrong with a reference in one piece. */
export const referenceRules = (path: Path, text: string): Finding[] =>
  parseReference(text) ? [] : [noImage(path, text)];

/** A registry, with a repository's first part or not: `gcr.io/myrepository`. */
function registryPlace(path: Path, text: string): Finding[] {
  if (parseReference(joinReference({ registry: text, name: 'x' }))) return [];
  return [{ path, message: `${text} is not a registry`, hint: 'without a scheme: gcr.io/google_containers' }];
}

function registryHost(path: Path, text: string): Finding[] {
  if (isRegistryHost(text)) return [];
  return [{ path, message: `${text} is not a registry`, hint: 'host and port only: registry.example:5000' }];
}

function buildRules(build: NonNullable<Spec['images']['build']>): Finding[] {
  const { registry, tag, ifThere } = build.push;
  return [
    ...emptyWords(at('build', 'binaries'), build.binaries),
    ...registryPlace(at('build', 'push', 'registry'), registry),
    ...(tag === undefined || (isImageVersion(tag) && !tag.includes(':'))
      ? []
      : [noTag(at('build', 'push', 'tag'), tag)]),
    ...(ifThere === 'use' && tag === undefined ? [noTagToUse] : []),
  ];
}

const noTagToUse: Finding = {
  path: at('build', 'push', 'ifThere'),
  message: 'use needs a tag to look for',
  hint: 'name it in images.build.push.tag',
};

const mirrorRules = ({ mirrors }: Pick<Spec['images'], 'mirrors'>): Finding[] =>
  Object.entries(mirrors).flatMap(([prefix, place]): Finding[] => {
    const sample = parseReference(`${prefix.replace(/\/+$/, '')}/x`);
    if (!sample) return [{ path: at('mirrors', prefix), at: 'key', message: `${prefix} is not a registry path` }];
    if (mirrored(sample, mirrors)) return [];
    const hint = 'without a scheme: registry.example:5000/mirror';
    return [{ path: at('mirrors', prefix), message: `${place} is not a registry path`, hint }];
  });
