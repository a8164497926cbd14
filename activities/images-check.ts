import { access, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { CallOf, ResultOf } from '../src/plan/call-of.ts';
import { formatReference, type ImageReference, pinned } from '../src/plan/image-reference.ts';
import { newestTag } from '../src/plan/newest-tag.ts';
import { runChild } from './build-process.ts';
import { pullConfig, readDockerConfig } from './clients/docker-config.ts';
import { findEngine } from './clients/engine.ts';
import type { Registries } from './clients/registry.ts';
import { failure } from './fail.ts';
import {
  type BuildSpec,
  componentImage,
  type ImagesSpec,
  pulledFrom,
  pushPlaces,
  referenceIn,
  registriesOf,
} from './images-target.ts';
import type { BuildScope } from './step.ts';

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
    throw failure('BUILD_SOURCE_MISSING', `images.build.source is no folder of the worker: ${build.source}`, {
      field: 'spec.images.build.source',
    });
  const file = dockerfileOf(build);
  await access(file).catch(() => {
    throw failure('BUILD_SOURCE_MISSING', `images.build.dockerfile cannot be read: ${file}`, {
      field: 'spec.images.build.dockerfile',
    });
  });
}

/** Everything a build needs: the source, an engine, and the right to push. Answers a note. */
async function checkBuild(scope: BuildScope, images: ImagesSpec, build: BuildSpec): Promise<string> {
  await checkSource(build);
  const { env } = scope.deps;
  const fail = (): Error => failure('BUG', 'nothing is built in preflight');
  const engine = await findEngine(build.engine, env, (command) => runChild(command, { signal: scope.signal }), fail);
  const places = [...new Set(Object.values(pushPlaces(images, build)))];
  const client = registriesOf(images, env, 'push');
  for (const place of places) {
    const { registry, repository } = referenceIn(place, 'images.build.push.registry');
    await client.checkPush({ registry, repository });
  }
  return `${engine.name} will build; ${places.join(' and ')} can be pushed`;
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

/** Platforms of the host's nodes; linux/amd64 where they cannot be asked. */
async function platformsOf({ deps, run, tell }: BuildScope): Promise<string[]> {
  tell('asks for the platforms of the nodes');
  const nodes = run.imagesOnly
    ? []
    : await deps.kube
        .forContext(run.host)
        .then((host) => host.list({ apiVersion: 'v1', kind: 'Node' }))
        .catch(() => []);
  const found = nodes.flatMap((node) => {
    const { nodeInfo } = (node['status'] ?? {}) as { nodeInfo?: { operatingSystem?: string; architecture?: string } };
    return nodeInfo?.operatingSystem === 'linux' && nodeInfo.architecture ? [`linux/${nodeInfo.architecture}`] : [];
  });
  return found.length > 0 ? [...new Set(found)].sort() : ['linux/amd64'];
}

/** Throws IMAGE_PLATFORM when none of the nodes could run it. An image that does not tell passes. */
function assertPlatform(reference: ImageReference, has: readonly string[], wanted: readonly string[]): void {
  if (has.length === 0 || wanted.some((platform) => has.includes(platform))) return;
  const image = formatReference(reference);
  const platform = wanted.join(' or ');
  throw failure('IMAGE_PLATFORM', `${image} is for ${has.join(', ')}; the nodes are ${platform}`, { image, platform });
}

/**
 * `latest` is what an image has that nobody gave a tag (FEDERATION_PUSH_REPO_BASE alone). The repositories of releases
 * mostly have no such tag: then it is the newest that they list, by version.
 */
async function newestWhereNoLatest(client: Registries, reference: ImageReference): Promise<ImageReference> {
  if (reference.tag !== 'latest' || reference.digest || (await client.find(reference))) return reference;
  const tag = newestTag(await client.tagsOf(reference));
  return tag ? { ...reference, tag } : reference;
}

/** Checks every image at its registry, or that it can be built and pushed; answers references pinned by digest. */
export async function checkImages(
  scope: BuildScope,
  call: CallOf<'preflight/images'>,
): Promise<ResultOf<'preflight/images'>> {
  const { images } = call.input.spec;
  const { build } = images;
  const etcd = pulledFrom(referenceIn(images.etcd.image, 'images.etcd.image'), images);
  const own = build ? [] : [componentImage(images, 'apiserver'), componentImage(images, 'controllerManager')];
  const pushed = build ? [referenceIn(pushPlaces(images, build).apiserver, 'images.build.push.registry')] : [];
  await checkPullSecret(images, [...new Set([etcd, ...own, ...pushed].map(({ registry }) => registry))]);

  const client = registriesOf(images, scope.deps.env, 'pull');
  const platforms = await platformsOf(scope);
  const pin = async (named: ImageReference): Promise<string> => {
    const reference = await newestWhereNoLatest(client, named);
    scope.tell(`asks ${reference.registry} for ${formatReference(reference)}`);
    const digest = await client.digestOf(reference);
    assertPlatform(reference, await client.platformsOf(reference, digest), platforms);
    return pinned(reference, digest);
  };
  // One after another: the first that is missing is the one that is named, in every run the same.
  const [etcdPin, apiserver = '', controllerManager = ''] = await inTurn([etcd, ...own], pin);
  const note = build ? await checkBuild(scope, images, build) : `${apiserver}, ${controllerManager}, ${etcdPin}`;
  return { outcome: 'done', note, facts: { apiserver, controllerManager, etcd: etcdPin ?? '' } };
}

async function inTurn<A, B>(all: readonly A[], act: (one: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  for (const one of all) results.push(await act(one));
  return results;
}
