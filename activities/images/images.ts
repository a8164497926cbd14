import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallOf, ResultOf } from '../../src/catalogue/call-of.ts';
import { formatReference, type ImageReference, isInsecure } from '../../src/images/reference.ts';
import { contentTag, sourceState } from './build-context.ts';
import { builderId, buildSlot, type BuildSlot } from './build-host.ts';
import { withBuildLock } from './build-lock.ts';
import { type BuildLog, openBuildLog } from './build-log.ts';
import { commandFailure, runChild } from './build-process.ts';
import { withScratch } from './build-scratch.ts';
import { namesContent, sourceTag } from './build-version.ts';
import { type Engine, type Fail, findEngine } from '../clients/engine/engine.ts';
import type { Registries } from '../clients/registry/registry.ts';
import type { Deps } from '../core/deps.ts';
import { failure } from '../kit/fail.ts';
import { assertPlatform, checkBuild, checkImages, checkSource, dockerfileOf, required } from './check.ts';
import { type BuildSpec, pushLogin, pushPlaces, referenceIn, registriesOf } from './target.ts';
import { forgetNeed, localImages } from './local-images.ts';
import { explainPush } from './push-failure.ts';
import { type BuildScope, building, writing } from '../core/step.ts';

/** What a step that builds works with. */
interface Builder extends BuildScope {
  slot: BuildSlot;
}

/** What a step that starts child processes works with. */
interface BuildTools {
  log: BuildLog;
  /** Folder for files that must not outlive the step. */
  scratch: string;
  started(pid: number): Promise<void>;
}

/** Runs `act` with a log, as the only build of this worker, and of its source folder on this machine. */
async function withBuildTools<T>(scope: Builder, build: BuildSpec, act: (tools: BuildTools) => Promise<T>): Promise<T> {
  await checkSource(build);
  return scope.slot(scope, () =>
    withBuildLock(scope, build.source, async ({ started }) => {
      const log = await openBuildLog(scope);
      try {
        return await withScratch(scope, build.source, (scratch) => act({ log, scratch, started }));
      } finally {
        await log.close();
      }
    }),
  );
}

async function engineAt(scope: BuildScope, build: BuildSpec, { log, started }: BuildTools): Promise<Engine> {
  const fail: Fail = (kind, command, ended) =>
    commandFailure(kind === 'build' ? 'BUILD_FAILED' : 'PUSH_FAILED', command, ended, log);
  const run = (command: Parameters<typeof runChild>[0]): ReturnType<typeof runChild> =>
    runChild(command, { signal: scope.signal, log, started, silentFor: build.silentFor });
  return findEngine(build.engine, scope.deps.env, run, fail);
}

/** Runs the command that makes the binaries. Throws BUILD_FAILED. */
async function makeBinaries(scope: BuildScope, build: BuildSpec, { log, started }: BuildTools): Promise<void> {
  const command = { argv: build.binaries, cwd: build.source, env: scope.deps.env };
  const ended = await runChild(command, { signal: scope.signal, log, started, silentFor: build.silentFor });
  if (ended.status !== 0) throw commandFailure('BUILD_FAILED', command, ended, log);
}

async function buildBinaries(scope: Builder, call: CallOf<'images/binaries'>): Promise<ResultOf<'images/binaries'>> {
  const build = required(call.input.spec.images.build);
  const { there } = call.input.facts;
  const worker = await builderId(scope.deps.stateFolder);
  if (there) return { outcome: 'kept', note: `the registry has ${there}`, facts: { worker, source: '' } };
  return withBuildTools(scope, build, async (tools) => {
    await makeBinaries(scope, build, tools);
    const source = await sourceState(build.source, dockerfileOf(build));
    return { outcome: 'done', note: `on ${worker}; log: ${tools.log.path}`, facts: { worker, source } };
  });
}

/**
 * The source folder may have been written to since the binaries of this run were made there, by a build of another run
 * or a person: then they are made again, under the lock that the image is built under.
 */
async function renewBinaries(
  scope: Builder,
  build: BuildSpec,
  tools: BuildTools,
  made: string | undefined,
): Promise<void> {
  if (!made || made === (await sourceState(build.source, dockerfileOf(build)))) return;
  scope.tell(`${build.source} changed since its binaries were built: builds them again`);
  await makeBinaries(scope, build, tools);
}

async function buildImage(scope: Builder, call: CallOf<'images/build'>): Promise<ResultOf<'images/build'>> {
  const { images } = call.input.spec;
  const { there, source } = call.input.facts;
  const build = required(images.build);
  if (there) {
    const { tag = '' } = referenceIn(there, 'images.build.push.tag');
    return { outcome: 'kept', note: `the registry has ${there}`, facts: { imageId: '', tag } };
  }
  return withBuildTools(scope, build, async (tools) => {
    await renewBinaries(scope, build, tools, source);
    const engine = await engineAt(scope, build, tools);
    scope.tell(`reads ${build.source}`);
    const content = await contentTag(build.source, dockerfileOf(build), scope.signal);
    const local = await localImages(scope, engine);
    // Named by its content alone, it is found again whatever registry it is to be pushed to.
    const reference = local.nameOf(content);
    const [tag, before] = await Promise.all([
      build.push.tag ?? sourceTag(build.source, content, scope.deps.env, scope.signal),
      local.take(content),
    ]);
    if (before) return { outcome: 'kept', note: `${engine.name} has ${reference}`, facts: { imageId: before, tag } };
    const what = { context: build.source, dockerfile: dockerfileOf(build), tag: reference, folder: tools.scratch };
    const imageId = await engine.build(what);
    await local.prune().catch((error: unknown) => {
      scope.signal.throwIfAborted();
      scope.deps.log.warn({ engine: engine.name, error: String(error) }, 'old images not removed');
    });
    return {
      outcome: 'created',
      note: `${reference}, by ${engine.name}; log: ${tools.log.path}`,
      facts: { imageId, tag },
    };
  });
}

/** Whether the registry has this image: engines name one by the digest of its config, or of its manifest. */
const isThere = async (client: Registries, reference: ImageReference, imageId: string): Promise<boolean> =>
  reference.digest === imageId || (await client.configOf(reference)) === imageId;

/** What a push works with, and what came of it in one repository. */
interface Pushing {
  engine: () => Promise<Engine>;
  scratch: string;
}
interface Pushed {
  digest: string;
  outcome: 'created' | 'updated' | 'kept';
}

/** Pushes to one repository, and proves that the nodes can run what is there then. Throws IMAGE_PLATFORM. */
async function pushOne(
  scope: BuildScope,
  call: CallOf<'images/push'>,
  target: ImageReference,
  by: Pushing,
): Promise<Pushed> {
  const client = registriesOf(call.input.spec.images, scope.deps.env, 'push');
  const pushed = await bringTo(scope, call, target, by, client);
  assertPlatform(target, await client.platformsOf(target, pushed.digest), call.input.facts.platforms ?? []);
  return pushed;
}

/** Pushes, unless the registry has this very content already. */
async function bringTo(
  scope: BuildScope,
  call: CallOf<'images/push'>,
  target: ImageReference,
  { engine, scratch }: Pushing,
  client: Registries,
): Promise<Pushed> {
  const { images } = call.input.spec;
  const build = required(images.build);
  const before = await client.find(target);
  // A tag with the content in it never means anything else; any other may be that of an older build.
  if (before && build.push.tag === undefined && namesContent(target.tag)) return { digest: before, outcome: 'kept' };
  const { imageId } = call.input.facts;
  // A retry after an answer was lost finds its own image there; on some registries it could not push it again.
  if (before && (await isThere(client, { ...target, digest: before }, imageId)))
    return { digest: before, outcome: 'kept' };
  const by = await engine();
  const reference = formatReference(target);
  scope.tell(`pushes ${reference}`);
  const push = {
    imageId,
    reference,
    insecure: isInsecure(target.registry, images),
    caFile: images.caFile,
    credentials: await pushLogin(images, scope.deps.env, target.registry),
    folder: await mkdtemp(join(scratch, 'push-')),
  };
  const told = await by.push(push).catch(async (error: unknown) => {
    throw await explainPush(error, client, target, { by, imageId });
  });
  const digest = await client.find(target);
  const data = { registry: target.registry };
  if (!digest) throw failure('PUSH_FAILED', `${by.name} pushed ${reference}, but the registry has none`, data);
  if (told && told !== digest)
    throw failure('DIGEST_MISMATCH', `${by.name} pushed ${reference} as ${told}; the registry has ${digest}`, data);
  return { digest, outcome: before === digest ? 'kept' : before ? 'updated' : 'created' };
}

async function pushImage(scope: Builder, call: CallOf<'images/push'>): Promise<ResultOf<'images/push'>> {
  const { images } = call.input.spec;
  const build = required(images.build);
  const { tag, there } = call.input.facts;
  if (there) {
    const { digest = '', ...named } = referenceIn(there, 'images.build.push.tag');
    return { outcome: 'kept', note: there, facts: { reference: formatReference(named), digest } };
  }
  const [{ place }, ...further] = pushPlaces(scope.distribution.images(call.input.spec), build);
  const others = new Set(further.map((one) => one.place).filter((one) => one !== place));
  const targetOf = (at: string): ImageReference => referenceIn(`${at}:${tag}`, 'images.build.push.tag');
  return withBuildTools(scope, build, async (tools) => {
    let known: Promise<Engine> | undefined;
    const by = { engine: () => (known ??= engineAt(scope, build, tools)), scratch: tools.scratch };
    const first = await pushOne(scope, call, targetOf(place), by);
    // The same image under its further names: one digest pins all.
    for (const other of others) {
      const { digest } = await pushOne(scope, call, targetOf(other), by);
      if (digest !== first.digest)
        throw failure('PUSH_FAILED', `${other}:${tag} is ${digest}, not ${first.digest}`, {});
    }
    await forgetNeed(scope);
    const reference = formatReference(targetOf(place));
    return { outcome: first.outcome, note: `${reference}@${first.digest}`, facts: { reference, digest: first.digest } };
  });
}

/** Steps that check, build and push images; images/record is in images-record.ts. */
export function imagesActivities(deps: Deps) {
  const slot = buildSlot();
  const pushForRun = writing<'images/push'>(deps, (scope, call) => pushImage({ ...scope, slot }, call));
  const pushAlone = building<'images/push'>(deps, (scope, call) => pushImage({ ...scope, slot }, call));
  return {
    checkImages: building<'preflight/images'>(deps, checkImages),
    checkBuild: building<'preflight/build'>(deps, checkBuild),
    // They write on the worker's machine only, before the federation has a record to own.
    buildBinaries: building<'images/binaries'>(deps, (scope, call) => buildBinaries({ ...scope, slot }, call)),
    buildImage: building<'images/build'>(deps, (scope, call) => buildImage({ ...scope, slot }, call)),
    checkOwner: writing<'images/owner'>(deps, async () => ({ outcome: 'done', facts: { owned: true } })),
    // A run that was planned before there was images/owner proves its ownership here.
    pushImage: (call: CallOf<'images/push'>): Promise<ResultOf<'images/push'>> =>
      call.run.imagesOnly || call.input.facts.owned ? pushAlone(call) : pushForRun(call),
  };
}
