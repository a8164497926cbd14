import { joinReference, mirrored, parseReference } from '../../images/reference.ts';
import type { Parts } from '../parts.ts';
import type { Finding, Path } from '../problem.ts';
import type { Spec } from '../schema.ts';
import { isImageVersion, isRegistryHost } from '../texts.ts';
import { emptyWords } from './words.ts';

const at = (...rest: Path): Path => ['spec', 'images', ...rest];
const components = ['apiserver', 'controllerManager'] as const;

/** What is wrong with the images: where they come from, where they go, and their names. */
export function imagesRules({ spec: { images } }: Parts): Finding[] {
  if (!images) return [];
  return [
    ...(images.build ? [] : components.flatMap((component) => missing(images, component))),
    ...components.flatMap((component) => componentRules(images, component)),
    ...(images.build ? buildRules(images.build) : []),
    ...emptyWords(at('etcd', 'command'), images.etcd.command),
    ...reference(at('etcd', 'image'), images.etcd.image),
    ...mirrorRules(images),
    ...images.insecureRegistries.flatMap((host, index) => registryHost(at('insecureRegistries', index), host)),
  ];
}

function missing(images: Spec['images'], component: (typeof components)[number]): Finding[] {
  const ways = {
    registry: `such as gcr.io/google_containers; values.yaml's ${component}Registry or FEDERATION_PUSH_REPO_BASE work too`,
    version: `such as v1.5.0; values.yaml's ${component}Version or FEDERATION_IMAGE_TAG work too`,
  };
  return (['registry', 'version'] as const)
    .filter((key) => images[component][key] === undefined)
    .map((key) => ({
      path: at(component, key),
      message: 'is missing',
      hint: `${ways[key]}; or images.build builds it`,
    }));
}

function componentRules(images: Spec['images'], component: (typeof components)[number]): Finding[] {
  const { registry, name, version } = images[component];
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

const reference = (path: Path, text: string): Finding[] => (parseReference(text) ? [] : [noImage(path, text)]);

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

const mirrorRules = ({ mirrors }: Spec['images']): Finding[] =>
  Object.entries(mirrors).flatMap(([prefix, place]): Finding[] => {
    const sample = parseReference(`${prefix.replace(/\/+$/, '')}/x`);
    if (!sample) return [{ path: at('mirrors', prefix), at: 'key', message: `${prefix} is not a registry path` }];
    if (mirrored(sample, mirrors)) return [];
    const hint = 'without a scheme: registry.example:5000/mirror';
    return [{ path: at('mirrors', prefix), message: `${place} is not a registry path`, hint }];
  });
