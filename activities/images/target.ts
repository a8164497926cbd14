import {
  formatReference,
  type ImageReference,
  joinReference,
  mirrored,
  parseReference,
} from '../../src/images/reference.ts';
import { isInsecure } from '../../src/images/reference.ts';
import type { ResultOf } from '../../src/catalogue/call-of.ts';
import type { Distribution, DistributionImage } from '../../src/distributions/distribution.ts';
import type { Spec } from '../../src/spec/schema.ts';
import { type Credentials, findLogin, loginFiles } from '../clients/registry/docker-config.ts';
import { type Registries, registries } from '../clients/registry/registry.ts';
import { failure } from '../kit/fail.ts';

export type ImagesSpec = Spec['images'];
export type BuildSpec = NonNullable<ImagesSpec['build']>;

/**
 * References pinned by digest, by the keys of the distribution's images; as a type, by those of the catalogue that
 * activities are checked against.
 */
export type PinnedImages = Omit<ResultOf<'images/record'>['facts'], 'version'>;

/** A reference for each image, '' for one that is not known. */
export const pinnedImages = (
  images: readonly DistributionImage[],
  pinOf: (image: DistributionImage) => string | undefined,
): PinnedImages => Object.fromEntries(images.map((image) => [image.key, pinOf(image) ?? ''])) as PinnedImages;

/** The image of the component whose API everybody reaches; '' where there is none. */
export function apiImageOf({ components }: Distribution, images: PinnedImages): string {
  const key = components.find(({ address }) => address)?.image ?? '';
  return (images as Readonly<Record<string, string>>)[key] ?? '';
}

/** Reads a reference of the spec. Throws IMAGE_REFERENCE, naming the field. */
export function referenceIn(text: string, field: string): ImageReference {
  const reference = parseReference(text);
  if (!reference)
    throw failure('IMAGE_REFERENCE', `${field} is not an image reference: ${text}`, { field: `spec.${field}` });
  return reference;
}

/**
 * Where the pods will pull an image of the spec from, without `images.build`: its mirror, if it has one. Throws
 * IMAGE_REFERENCE.
 */
export function pulledFrom({ reference: text, field, lacks }: DistributionImage, images: ImagesSpec): ImageReference {
  if (lacks !== undefined)
    throw failure('IMAGE_REFERENCE', `${lacks} is not set, and neither is images.build`, { field: `spec.${lacks}` });
  const reference = referenceIn(text, field);
  const place = mirrored(reference, images.mirrors);
  if (!place)
    throw failure('IMAGE_REFERENCE', `images.mirrors gives no place for ${formatReference(reference)}`, {
      field: 'spec.images.mirrors',
    });
  return place;
}

/** A repository that the built image is pushed to, and the image of the distribution that has this name. */
export interface PushPlace {
  key: string;
  place: string;
}

/**
 * Repositories that the built image is pushed to, by the images that are built, in the order of the spec: they are one
 * where these have one name. Throws BUG where the distribution builds none.
 */
export function pushPlaces(
  images: readonly DistributionImage[],
  { push: { registry } }: BuildSpec,
): [PushPlace, ...PushPlace[]] {
  const [first, ...others] = images.flatMap(({ key, field, builtAs: name }): PushPlace[] => {
    if (name === undefined) return [];
    const named = referenceIn(joinReference({ registry, name }), `images.build.push.registry and ${field}.name`);
    return [{ key, place: formatReference({ registry: named.registry, repository: named.repository }) }];
  });
  if (!first) throw failure('BUG', 'images.build is in the spec of a distribution that builds no image');
  return [first, ...others];
}

/** Docker config files with credentials, the first to ask first: pods pull with the pull secret, the worker pushes as itself. */
const credentialFiles = (images: ImagesSpec, env: NodeJS.ProcessEnv, purpose: 'pull' | 'push'): string[] => {
  const secret = images.pullSecret ? [images.pullSecret.fromDockerConfig] : [];
  return purpose === 'pull' ? [...secret, ...loginFiles(env)] : [...loginFiles(env), ...secret];
};

/** A client of registries with the settings of the spec and the worker's logins. */
export function registriesOf(images: ImagesSpec, env: NodeJS.ProcessEnv, purpose: 'pull' | 'push'): Registries {
  return registries({
    isInsecure: (registry) => isInsecure(registry, images),
    caFile: images.caFile,
    credentials: async (registry) =>
      (await findLogin(registry, credentialFiles(images, env, purpose), images.pullSecret?.fromDockerConfig, env))
        ?.credentials,
  });
}

/** The login that the engine pushes with; undefined: the engine finds its own. Secret. */
export async function pushLogin(
  images: ImagesSpec,
  env: NodeJS.ProcessEnv,
  registry: string,
): Promise<Credentials | undefined> {
  const files = credentialFiles(images, env, 'push');
  return (await findLogin(registry, files, images.pullSecret?.fromDockerConfig, env))?.credentials;
}
