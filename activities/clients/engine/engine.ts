import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { formatReference, parseReference } from '../../../src/images/reference.ts';
import type { Spec } from '../../../src/spec/schema.ts';
import { currentContext } from '../../kit/context.ts';
import { failure } from '../../kit/fail.ts';
import type { Command, Ended } from './command.ts';
import { type Push, pushByFlags, pushByName } from './push.ts';

/** Engines in the order in which `auto` looks for them. */
const engineNames = ['docker', 'podman', 'buildah', 'nerdctl'] as const;
export type EngineName = (typeof engineNames)[number];

/** Runs a command to its end, whatever it is; throws cancellations only. */
export type Run = (command: Command) => Promise<Ended>;
/** Makes the failure of a command that did not end well. */
export type Fail = (kind: 'build' | 'push', command: Command, ended: Ended) => Error;

/** What is built. */
export interface Build {
  context: string;
  /** Absolute path. */
  dockerfile: string;
  /** Full reference that the image gets. */
  tag: string;
  /** Folder for files of this build; the caller empties it. */
  folder: string;
}

/** A program that builds images on the worker's machine. Every method throws what `Fail` makes, and cancellations. */
export interface Engine {
  name: EngineName;
  /** Id (`sha256:...`) of the image with this full reference; undefined when there is none. */
  find(reference: string): Promise<string | undefined>;
  has(imageId: string): Promise<boolean>;
  /** Builds, and answers the image's id. */
  build(build: Build): Promise<string>;
  /** Takes this name away, and with its last name the image; false where the engine keeps it, for a container perhaps. */
  remove(reference: string): Promise<boolean>;
  /** Pushes and answers the manifest's digest; undefined where the engine does not tell it. */
  push(push: Push): Promise<string | undefined>;
}

/** The program's path, by PATH of the worker; undefined when there is none. */
async function findProgram(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** ms an engine may take to say that it is there: of several `auto` goes on to the next, one that is named has time. */
const probeMs = { auto: 5_000, named: 30_000 };

/**
 * How each engine shows that it can work, and what is missing when it does not: a client alone is no engine. buildah
 * is no client: it needs nobody.
 */
const probes: Partial<Record<EngineName, { args: readonly string[]; missing: string }>> = {
  docker: { args: ['version', '--format', '{{.Server.Version}}'], missing: 'the docker daemon does not answer' },
  podman: { args: ['info'], missing: 'podman cannot be used here (podman info fails)' },
  nerdctl: { args: ['info'], missing: 'containerd does not answer nerdctl' },
};

/** Whether a command ends well within so many ms. Rejects with the cancellation of the activity. */
function ends(argv: readonly [string, ...string[]], env: NodeJS.ProcessEnv, ms: number): Promise<boolean> {
  const { signal } = currentContext();
  const [program, ...args] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const child = spawn(program, args, {
    env,
    stdio: 'ignore',
    signal: AbortSignal.any([signal, AbortSignal.timeout(ms)]),
    killSignal: 'SIGKILL',
  });
  child.on('error', () => (signal.aborted ? reject(signal.reason as Error) : resolve(false)));
  child.on('exit', (code) => resolve(code === 0));
  return promise;
}

/** '' when the engine can be used, else why not. */
async function unusable(name: EngineName, env: NodeJS.ProcessEnv, ms: number): Promise<string> {
  if (!(await findProgram(name, env))) return `${name} is not on the PATH of the worker`;
  const probe = probes[name];
  return !probe || (await ends([name, ...probe.args], env, ms)) ? '' : probe.missing;
}

/**
 * The engine that the spec names, or the first that can be used: docker, podman, buildah, nerdctl.
 * Throws ENGINE_NOT_FOUND.
 */
export async function findEngine(
  wanted: NonNullable<Spec['images']['build']>['engine'],
  env: NodeJS.ProcessEnv,
  run: Run,
  fail: Fail,
): Promise<Engine> {
  const reasons: string[] = [];
  for (const name of wanted === 'auto' ? engineNames : [wanted]) {
    const why = await unusable(name, env, wanted === 'auto' ? probeMs.auto : probeMs.named);
    if (!why) return engine(name, env, run, fail);
    reasons.push(why);
  }
  throw failure('ENGINE_NOT_FOUND', reasons.join('; '), { engine: wanted === 'auto' ? undefined : wanted });
}

/** Images of an engine: its id, and its names in full. */
interface Listed {
  id: string;
  names: string[];
}

const idOf = (id: string): string => (id.startsWith('sha256:') ? id : `sha256:${id}`);

function full(name: string): string {
  const reference = parseReference(name);
  return reference ? formatReference(reference) : name;
}

/** What `images --json --no-trunc` of buildah and `images --format json` of podman print. */
function listedAsJson(answer: string): Listed[] {
  type Image = { id?: string; Id?: string; names?: string[] | null; Names?: string[] | null };
  const images = (JSON.parse(answer.trim() || '[]') as Image[] | null) ?? [];
  return images.map((image) => ({
    id: idOf(image.id ?? image.Id ?? ''),
    names: (image.names ?? image.Names ?? []).map(full),
  }));
}

/** Lines of `<id> <repository>:<tag>`. */
const listedAsLines = (answer: string): Listed[] =>
  answer
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [id = '', name = ''] = line.split(' ');
      return { id: idOf(id), names: [full(name)] };
    });

const listings: Record<EngineName, { args: readonly string[]; read: (answer: string) => Listed[] }> = {
  buildah: { args: ['images', '--json', '--no-trunc'], read: listedAsJson },
  podman: { args: ['images', '--format', 'json'], read: listedAsJson },
  docker: { args: ['images', '--no-trunc', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}'], read: listedAsLines },
  nerdctl: { args: ['images', '--no-trunc', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}'], read: listedAsLines },
};

const idFileIn = (folder: string): string => join(folder, 'image-id');

/**
 * Command line of a build: the same files give the same image, so times are those of 1970 where the engine can do it;
 * layers are kept, so that a build that was ended goes on from the last of them (docker and nerdctl always keep them).
 */
export function buildArgv(
  name: EngineName,
  { context, dockerfile, tag, folder }: Build,
  env: NodeJS.ProcessEnv,
): [string, ...string[]] {
  const named = ['-f', dockerfile, '-t', tag, context];
  // What it would write to such a file is not what it lists and takes as an id.
  if (name === 'nerdctl') return [name, 'build', ...named];
  const idFile = ['--iidfile', idFileIn(folder)];
  if (name === 'docker') return [name, 'build', ...idFile, ...named];
  // Without a runtime and without rights to namespaces, as in a container, chroot is the isolation that works.
  const isolation = env['BUILDAH_ISOLATION'] ?? 'chroot';
  return [name, 'build', '--isolation', isolation, '--layers', '--timestamp', '0', ...idFile, ...named];
}

function engine(name: EngineName, env: NodeJS.ProcessEnv, run: Run, fail: Fail): Engine {
  const sameTimes = { ...env, SOURCE_DATE_EPOCH: env['SOURCE_DATE_EPOCH'] ?? '0' };
  async function mustEnd(kind: 'build' | 'push', command: Command): Promise<Ended> {
    const ended = await run(command);
    if (ended.status !== 0) throw fail(kind, command, ended);
    return ended;
  }
  async function list(): Promise<Listed[]> {
    const { args, read } = listings[name];
    return read((await mustEnd('build', { argv: [name, ...args], env, quiet: true })).answer);
  }
  const find = async (reference: string): Promise<string | undefined> =>
    (await list()).find(({ names }) => names.includes(full(reference)))?.id;
  const remove = async (reference: string): Promise<boolean> =>
    (await run({ argv: [name, 'rmi', reference], env })).status === 0 || (await find(reference)) === undefined;
  return {
    name,
    find,
    has: async (imageId) => (await list()).some(({ id }) => id === imageId),
    build: async (build) => {
      const command = { argv: buildArgv(name, build, env), env: sameTimes, cwd: build.context };
      const ended = await mustEnd('build', command);
      const written = (await readFile(idFileIn(build.folder), 'utf8').catch(() => '')).trim();
      const id = written === '' ? await find(build.tag) : idOf(written);
      if (id === undefined) throw fail('build', command, { ...ended, how: `status 0, but lists no ${build.tag}` });
      return id;
    },
    remove,
    push: (push) => {
      const must = async (command: Command): Promise<string> => (await mustEnd('push', command)).answer;
      return name === 'buildah' || name === 'podman'
        ? pushByFlags(name, push, env, must)
        : pushByName(name, push, env, { must, find, remove });
    },
  };
}
