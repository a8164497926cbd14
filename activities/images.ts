import type { CallOf, ResultOf } from '../src/plan/call-of.ts';
import { formatReference, type ImageReference, isInsecure } from '../src/plan/image-reference.ts';
import { contentTag } from './build-context.ts';
import { withBuildLock } from './build-lock.ts';
import { type BuildLog, openBuildLog } from './build-log.ts';
import { commandFailure, runChild } from './build-process.ts';
import { namesContent, sourceTag } from './build-version.ts';
import { type Engine, type Fail, findEngine } from './clients/engine.ts';
import type { Deps } from './deps.ts';
import { failure } from './fail.ts';
import { checkImages, checkSource, dockerfileOf } from './images-check.ts';
import { type BuildSpec, pushAuthFile, pushPlaces, referenceIn, registriesOf } from './images-target.ts';
import { type BuildScope, building, writing } from './step.ts';

const required = (build: BuildSpec | undefined): BuildSpec => {
  if (!build) throw failure('BUG', 'a build step was called without images.build in its spec');
  return build;
};

/** What a step that starts child processes works with. */
interface Bench {
  log: BuildLog;
  started(pid: number): Promise<void>;
}

/** Runs `act` with a log, as the only build of its source folder on this machine. */
async function atBench<T>(scope: BuildScope, build: BuildSpec, act: (bench: Bench) => Promise<T>): Promise<T> {
  await checkSource(build);
  return withBuildLock(scope, build.source, async ({ started }) => {
    const log = await openBuildLog(scope);
    try {
      return await act({ log, started });
    } finally {
      await log.close();
    }
  });
}

/** A push that the registry refuses is not tried again by itself; any other may pass. */
const refused = /unauthorized|denied|forbidden|authentication required|\b40[13]\b/i;

async function engineAt(scope: BuildScope, build: BuildSpec, { log, started }: Bench): Promise<Engine> {
  const fail: Fail = (kind, command, ended) => {
    const code = kind === 'build' ? 'BUILD_FAILED' : refused.test(log.tail()) ? 'REGISTRY_DENIED' : 'PUSH_FAILED';
    return commandFailure(code, command, ended, log);
  };
  const run = (command: Parameters<typeof runChild>[0]): ReturnType<typeof runChild> =>
    runChild(command, { signal: scope.signal, log, started });
  return findEngine(build.engine, scope.deps.env, run, fail);
}

async function buildBinaries(scope: BuildScope, call: CallOf<'images/binaries'>): Promise<ResultOf<'images/binaries'>> {
  const build = required(call.input.spec.images.build);
  return atBench(scope, build, async ({ log, started }) => {
    const command = { argv: build.binaries, cwd: build.source, env: scope.deps.env };
    const ended = await runChild(command, { signal: scope.signal, log, started });
    if (ended.status !== 0) throw commandFailure('BUILD_FAILED', command, ended, log);
    return { outcome: 'done', note: `log: ${log.path}`, facts: {} };
  });
}

async function buildImage(scope: BuildScope, call: CallOf<'images/build'>): Promise<ResultOf<'images/build'>> {
  const { images } = call.input.spec;
  const build = required(images.build);
  const place = pushPlaces(images, build).apiserver;
  return atBench(scope, build, async (bench) => {
    const engine = await engineAt(scope, build, bench);
    scope.tell(`reads ${build.source}`);
    const content = await contentTag(build.source, dockerfileOf(build), scope.signal);
    const tag = build.push.tag ?? (await sourceTag(build.source, content, scope.deps.env, scope.signal));
    // The content's own name says whether this very source was built before, whatever name it is pushed under.
    const reference = `${place}:${content}`;
    const before = await engine.find(reference);
    if (before) return { outcome: 'kept', note: `${engine.name} has ${reference}`, facts: { imageId: before, tag } };
    await engine.build({ context: build.source, dockerfile: dockerfileOf(build), tags: [reference] });
    const imageId = await engine.find(reference);
    if (!imageId) throw failure('BUILD_FAILED', `${engine.name} built ${reference} but does not list it`, {});
    return {
      outcome: 'created',
      note: `${reference}, by ${engine.name}; log: ${bench.log.path}`,
      facts: { imageId, tag },
    };
  });
}

/** Pushes to one repository, unless the registry has this very content already. */
async function pushOne(
  scope: BuildScope,
  call: CallOf<'images/push'>,
  target: ImageReference,
  engine: () => Promise<Engine>,
): Promise<{ digest: string; outcome: 'created' | 'updated' | 'kept' }> {
  const { images } = call.input.spec;
  const build = required(images.build);
  const client = registriesOf(images, scope.deps.env, 'push');
  const before = await client.find(target);
  // A tag with the content in it never means anything else; any other may be that of an older build.
  if (before && build.push.tag === undefined && namesContent(target.tag)) return { digest: before, outcome: 'kept' };
  const { imageId } = call.input.facts;
  const by = await engine();
  if (!(await by.has(imageId)))
    throw failure('IMAGE_NOT_BUILT', `${by.name} has no image ${imageId} any more`, { engine: by.name });
  const reference = formatReference(target);
  scope.tell(`pushes ${reference}`);
  const told = await by.push({
    imageId,
    reference,
    insecure: isInsecure(target.registry, images),
    caFile: images.caFile,
    authFile: await pushAuthFile(images, scope.deps.env, target.registry),
  });
  const digest = await client.find(target);
  if (!digest || (told && told !== digest))
    throw failure(
      'PUSH_FAILED',
      `${by.name} pushed ${reference} as ${told ?? '?'}; the registry has ${digest ?? 'none'}`,
      {
        registry: target.registry,
      },
    );
  return { digest, outcome: before === digest ? 'kept' : before ? 'updated' : 'created' };
}

async function pushImage(scope: BuildScope, call: CallOf<'images/push'>): Promise<ResultOf<'images/push'>> {
  const { images } = call.input.spec;
  const build = required(images.build);
  const { tag } = call.input.facts;
  const { apiserver, controllerManager } = pushPlaces(images, build);
  const targetOf = (place: string): ImageReference => referenceIn(`${place}:${tag}`, 'images.build.push.tag');
  return atBench(scope, build, async (bench) => {
    let known: Promise<Engine> | undefined;
    const engine = (): Promise<Engine> => (known ??= engineAt(scope, build, bench));
    const first = await pushOne(scope, call, targetOf(apiserver), engine);
    // The same image under its second name: one digest pins both.
    if (controllerManager !== apiserver) {
      const second = await pushOne(scope, call, targetOf(controllerManager), engine);
      if (second.digest !== first.digest)
        throw failure('PUSH_FAILED', `${controllerManager}:${tag} is ${second.digest}, not ${first.digest}`, {});
    }
    const reference = formatReference(targetOf(apiserver));
    return { outcome: first.outcome, note: `${reference}@${first.digest}`, facts: { reference, digest: first.digest } };
  });
}

/** Steps that check, build and push images; images/record is in images-record.ts. */
export function imagesActivities(deps: Deps) {
  const pushForRun = writing<'images/push'>(deps, pushImage);
  const pushAlone = building<'images/push'>(deps, pushImage);
  return {
    checkImages: building<'preflight/images'>(deps, checkImages),
    // They write on the worker's machine only, before the federation has a record to own.
    buildBinaries: building<'images/binaries'>(deps, buildBinaries),
    buildImage: building<'images/build'>(deps, buildImage),
    pushImage: (call: CallOf<'images/push'>): Promise<ResultOf<'images/push'>> =>
      call.run.imagesOnly ? pushAlone(call) : pushForRun(call),
  };
}
