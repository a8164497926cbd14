import { access, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { CallOf, ResultOf } from '../../src/catalogue/call-of.ts';
import type { DistributionImage } from '../../src/distributions/distribution.ts';
import { formatReference, type ImageReference, pinned } from '../../src/images/reference.ts';
import { newestTag, newestVersion } from '../../src/images/newest-tag.ts';
import { runChild } from './build-process.ts';
import { pullConfig, readDockerConfig } from '../clients/registry/docker-config.ts';
import { findEngine } from '../clients/engine/engine.ts';
import type { Registries } from '../clients/registry/registry.ts';
import { checkTrust } from './engine-trust.ts';
import { failure } from '../kit/fail.ts';
import {
  type BuildSpec,
  type ImagesSpec,
  pinnedImages,
  pulledFrom,
  type PushPlace,
  pushPlaces,
  referenceIn,
  registriesOf,
} from './target.ts';
import type { BuildScope } from '../core/step.ts';

/** What a step of a build works on. Throws BUG where the spec has no images.build. */
export const required = (build: BuildSpec | undefined): BuildSpec => {
  if (!build) throw failure('BUG', 'a build step was called without images.build in its spec');
  return build;
};

/** The Dockerfile of a build; a relative path is one of the source folder. */
export const dockerfileOf = (build: BuildSpec): string =>
  isAbsolute(build.dockerfile) ? build.dockerfile : join(build.source, build.dockerfile);

/** Throws BUILD_SOURCE_MISSING when there is no source folder, or no Dockerfile in it. */
export async function checkSource(build: BuildSpec): Promise<void> {
  const folder = await stat(build.source).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  if (!folder)
    throw failure('BUILD_SOURCE_MISSING', `images.build.source is not a folder on the worker: ${build.source}`, {
      field: 'spec.images.build.source',
    });
  const file = dockerfileOf(build);
  await access(file).catch(() => {
    throw failure('BUILD_SOURCE_MISSING', `images.build.dockerfile cannot be read: ${file}`, {
      field: 'spec.images.build.dockerfile',
    });
  });
}

/** Checks what a build needs where it will run: the source, an engine, and the right to push. */
export async function checkBuild(
  scope: BuildScope,
  call: CallOf<'preflight/build'>,
): Promise<ResultOf<'preflight/build'>> {
  const { images } = call.input.spec;
  const { there } = call.input.facts;
  const build = required(images.build);
  if (there) return { outcome: 'kept', note: `the registry has ${there}: nothing is built`, facts: {} };
  await checkSource(build);
  const { env } = scope.deps;
  const fail = (): Error => failure('BUG', 'nothing is built in preflight');
  const engine = await findEngine(build.engine, env, (command) => runChild(command, { signal: scope.signal }), fail);
  const places = new Set(pushPlaces(scope.distribution.images(call.input.spec), build).map(({ place }) => place));
  const client = registriesOf(images, env, 'push');
  for (const place of places) {
    const { registry, repository } = referenceIn(place, 'images.build.push.registry');
    await client.checkPush({ registry, repository });
    await checkTrust(images, engine.name, { registry, repository }, env);
  }
  const note = `${engine.name} will build; ${[...places].join(' and ')} can be pushed`;
  return { outcome: 'done', note, facts: {} };
}

/** The pull secret has credentials for one of the registries at least. Throws PULL_SECRET. */
async function checkPullSecret(images: ImagesSpec, registries: readonly string[]): Promise<void> {
  const file = images.pullSecret?.fromDockerConfig;
  if (file === undefined) return;
  if (!pullConfig(await readDockerConfig(file), registries))
    throw failure('PULL_SECRET', `${file} has no credentials under auths for ${registries.join(', ')}`, {
      field: 'spec.images.pullSecret',
    });
}

/** Platforms of the host's nodes; none where they cannot be asked, or there are none yet. */
async function nodePlatforms({ deps, run, tell }: BuildScope): Promise<string[]> {
  if (run.imagesOnly) return [];
  tell('asks for the platforms of the nodes');
  const nodes = await deps.kube
    .forContext(run.host)
    .then((host) => host.list({ apiVersion: 'v1', kind: 'Node' }))
    .catch(() => []);
  const found = nodes.flatMap((node) => {
    const { nodeInfo } = (node['status'] ?? {}) as { nodeInfo?: { operatingSystem?: string; architecture?: string } };
    return nodeInfo?.operatingSystem === 'linux' && nodeInfo.architecture ? [`linux/${nodeInfo.architecture}`] : [];
  });
  return [...new Set(found)].sort();
}

/**
 * Throws IMAGE_PLATFORM when none of the nodes could run it. An image that does not tell passes, and so does every one
 * where the nodes do not.
 */
export function assertPlatform(reference: ImageReference, has: readonly string[], wanted: readonly string[]): void {
  if (has.length === 0 || wanted.length === 0 || wanted.some((platform) => has.includes(platform))) return;
  const image = formatReference(reference);
  const platform = wanted.join(' or ');
  throw failure('IMAGE_PLATFORM', `${image} is for ${has.join(', ')}; the nodes are ${platform}`, { image, platform });
}

/**
 * The image itself, or where its version is the word `newest`, the newest that its registry lists. One that lists no
 * version may still have `latest`.
 */
async function newestOf(client: Registries, reference: ImageReference): Promise<ImageReference> {
  if (reference.tag !== newestVersion || reference.digest) return reference;
  return { ...reference, tag: newestTag(await client.tagsOf(reference)) ?? 'latest' };
}

/**
 * What a build would make and push, where the registry has it and the spec says to use it then; '' otherwise. Where the
 * components have different names all must be the same image, since one digest pins all.
 */
async function thereAlready(client: Registries, own: readonly DistributionImage[], build?: BuildSpec): Promise<string> {
  if (build?.push.ifThere !== 'use' || build.push.tag === undefined) return '';
  const { tag } = build.push;
  const at = ({ place }: PushPlace): ImageReference => referenceIn(`${place}:${tag}`, 'images.build.push.tag');
  const [first, ...others] = pushPlaces(own, build);
  const digest = await client.find(at(first));
  if (!digest) return '';
  for (const other of others) if ((await client.find(at(other))) !== digest) return '';
  return pinned(at(first), digest);
}

/** An image of the distribution, and where its pods will pull it from. */
interface Pulled {
  key: string;
  reference: ImageReference;
}

/**
 * Checks every image at its registry, and answers references pinned by digest. What is to be built is looked for only
 * where the spec says to use it if it is there. `fedctl images` has no use for those that are never built.
 */
export async function checkImages(
  scope: BuildScope,
  call: CallOf<'preflight/images'>,
): Promise<ResultOf<'preflight/images'>> {
  const { images } = call.input.spec;
  const { build } = images;
  const named = scope.distribution.images(call.input.spec);
  const isBuilt = ({ builtAs }: DistributionImage): boolean => builtAs !== undefined;
  const pulled = (some: readonly DistributionImage[]): Pulled[] =>
    some.map((image) => ({ key: image.key, reference: pulledFrom(image, images) }));
  const others = scope.run.imagesOnly ? [] : pulled(named.filter((image) => !isBuilt(image)));
  const own = build ? [] : pulled(named.filter(isBuilt));
  const pushed = build ? [referenceIn(pushPlaces(named, build)[0].place, 'images.build.push.registry')] : [];
  const places = [...[...others, ...own].map(({ reference }) => reference), ...pushed];
  await checkPullSecret(images, [...new Set(places.map(({ registry }) => registry))]);

  const client = registriesOf(images, scope.deps.env, 'pull');
  const platforms = await nodePlatforms(scope);
  const pin = async (image: ImageReference): Promise<string> => {
    const reference = await newestOf(client, image);
    scope.tell(`asks ${reference.registry} for ${formatReference(reference)}`);
    const digest = await client.digestOf(reference);
    assertPlatform(reference, await client.platformsOf(reference, digest), platforms);
    return pinned(reference, digest);
  };
  const there = await thereAlready(client, named, build);
  // One after another: the first that is missing is the one that is named, in every run the same.
  const pins = new Map<string, string>();
  for (const { key, reference } of [...own, ...others]) pins.set(key, await pin(reference));
  if (there) await pin(referenceIn(there, 'images.build.push.tag'));
  const pinsOf = (some: readonly Pulled[]): string[] => some.map(({ key }) => pins.get(key) ?? '');
  const found = [...pinsOf(own), there, ...pinsOf(others)].filter(Boolean);
  const newest = own.some(({ reference }) => reference.tag === newestVersion) ? 'the newest version there is: ' : '';
  const note = `${newest}${found.join(', ')}${platforms.length > 0 || scope.run.imagesOnly ? '' : platformsUnknown}`;
  return { outcome: 'done', note, facts: { ...pinnedImages(named, ({ key }) => pins.get(key)), there, platforms } };
}

const platformsUnknown = '; which platforms the nodes have is not known';
