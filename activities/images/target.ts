import {
  formatReference,
  type ImageReference,
  joinReference,
  mirrored,
  parseReference,
} from '../../src/images/reference.ts';
import { isInsecure } from '../../src/images/reference.ts';
import type { Spec } from '../../src/spec/schema.ts';
import { type Credentials, findLogin, loginFiles } from '../clients/registry/docker-config.ts';
import { type Registries, registries } from '../clients/registry/registry.ts';
import { failure } from '../kit/fail.ts';

export type ImagesSpec = Spec['images'];
export type BuildSpec = NonNullable<ImagesSpec['build']>;

/** Reads a reference of the spec. Throws IMAGE_REFERENCE, naming the field. */
export function referenceIn(text: string, field: string): ImageReference {
  const reference = parseReference(text);
  if (!reference)
    throw failure('IMAGE_REFERENCE', `${field} is not an image reference: ${text}`, { field: `spec.${field}` });
  return reference;
}

/** Where the pods will pull an image of the spec from: its mirror, if it has one. Throws IMAGE_REFERENCE. */
export function pulledFrom(reference: ImageReference, images: ImagesSpec): ImageReference {
  const place = mirrored(reference, images.mirrors);
  if (!place)
    throw failure('IMAGE_REFERENCE', `images.mirrors gives no place for ${formatReference(reference)}`, {
      field: 'spec.images.mirrors',
    });
  return place;
}

/** The image of one component as the spec names it, without `images.build`. Throws IMAGE_REFERENCE. */
export function componentImage(images: ImagesSpec, component: 'apiserver' | 'controllerManager'): ImageReference {
  const image = images[component];
  const field = `images.${component}`;
  if (!image.version)
    throw failure('IMAGE_REFERENCE', `${field}.version is not set, and neither is images.build`, {
      field: `spec.${field}.version`,
    });
  return pulledFrom(referenceIn(joinReference(image), field), images);
}

/** Repositories that the built image is pushed to: one, or two where the components have different names. */
export function pushPlaces(images: ImagesSpec, build: BuildSpec): Record<'apiserver' | 'controllerManager', string> {
  const { registry } = build.push;
  const place = (name: string, field: string): string => {
    const reference = referenceIn(joinReference({ registry, name }), field);
    return formatReference({ registry: reference.registry, repository: reference.repository });
  };
  return {
    apiserver: place(images.apiserver.name, 'images.build.push.registry and images.apiserver.name'),
    controllerManager: place(
      images.controllerManager.name,
      'images.build.push.registry and images.controllerManager.name',
    ),
  };
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
