import { constants } from 'node:fs';
import { access, copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { formatReference, parseReference } from '../../src/plan/image-reference.ts';
import type { Spec } from '../../src/spec/schema.ts';
import type { Command, Ended } from '../build-process.ts';
import { failure } from '../fail.ts';

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
  /** Full references that the image gets. */
  tags: readonly string[];
}

/** What is pushed, and with what. */
export interface Push {
  imageId: string;
  /** Full reference with a tag. */
  reference: string;
  insecure: boolean;
  /** PEM of the registry's CA. docker and nerdctl have settings of their own for it (certs.d). */
  caFile?: string | undefined;
  /** Docker config file with the credentials. */
  authFile?: string | undefined;
}

/** A program that builds images on the worker's machine. Every method throws what `Fail` makes, and cancellations. */
export interface Engine {
  name: EngineName;
  /** Id (`sha256:...`) of the image with this full reference; undefined when there is none. */
  find(reference: string): Promise<string | undefined>;
  has(imageId: string): Promise<boolean>;
  build(build: Build): Promise<void>;
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

/** '' when the engine can be used, else why not. docker is only a client: its daemon must answer. */
async function unusable(name: EngineName, env: NodeJS.ProcessEnv, run: Run): Promise<string> {
  if (!(await findProgram(name, env))) return `${name} is not on the PATH of the worker`;
  if (name !== 'docker') return '';
  const ended = await run({ argv: ['docker', 'version', '--format', '{{.Server.Version}}'], env, quiet: true });
  return ended.status === 0 ? '' : 'the daemon of docker gives no answer';
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
    const why = await unusable(name, env, run);
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

/** Arguments of a build: the same files give the same image, so times are those of 1970 where the engine can do it. */
function buildArgs(name: EngineName, { context, dockerfile, tags }: Build, env: NodeJS.ProcessEnv): string[] {
  const named = ['-f', dockerfile, ...tags.flatMap((tag) => ['-t', tag]), context];
  if (name === 'docker' || name === 'nerdctl') return ['build', ...named];
  // Without a runtime and without rights to namespaces, as in a container, chroot is the isolation that works.
  const isolation = name === 'buildah' ? ['--isolation', env['BUILDAH_ISOLATION'] ?? 'chroot'] : [];
  return ['build', ...isolation, '--timestamp', '0', ...named];
}

function engine(name: EngineName, env: NodeJS.ProcessEnv, run: Run, fail: Fail): Engine {
  const sameTimes = { ...env, SOURCE_DATE_EPOCH: env['SOURCE_DATE_EPOCH'] ?? '0' };
  async function must(kind: 'build' | 'push', command: Command): Promise<Ended> {
    const ended = await run(command);
    if (ended.status !== 0) throw fail(kind, command, ended);
    return ended;
  }
  async function list(): Promise<Listed[]> {
    const { args, read } = listings[name];
    return read((await must('build', { argv: [name, ...args], env, quiet: true })).answer);
  }
  return {
    name,
    find: async (reference) => (await list()).find(({ names }) => names.includes(full(reference)))?.id,
    has: async (imageId) => (await list()).some(({ id }) => id === imageId),
    build: async (build) =>
      void (await must('build', { argv: [name, ...buildArgs(name, build, env)], env: sameTimes, cwd: build.context })),
    push: (push) =>
      withFolder(async (folder) => {
        if (name === 'buildah' || name === 'podman') return pushWithDigest(name, push, folder, env, must);
        await must('push', { argv: [name, 'tag', push.imageId, push.reference], env });
        await must('push', await plainPush(name, push, folder, env));
        return undefined;
      }),
  };
}

async function withFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fedctl-push-'));
  try {
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** buildah and podman take everything as flags, and write the digest to a file. */
async function pushWithDigest(
  name: EngineName,
  { imageId, reference, insecure, caFile, authFile }: Push,
  folder: string,
  env: NodeJS.ProcessEnv,
  must: (kind: 'push', command: Command) => Promise<Ended>,
): Promise<string | undefined> {
  const digestFile = join(folder, 'digest');
  // --cert-dir takes a folder whose *.crt are CAs.
  if (caFile) await copyFile(caFile, join(folder, 'ca.crt'));
  const flags = [
    ...(insecure ? ['--tls-verify=false'] : []),
    ...(caFile ? ['--cert-dir', folder] : []),
    ...(authFile ? ['--authfile', authFile] : []),
    ...['--digestfile', digestFile],
  ];
  const id = imageId.replace(/^sha256:/, '');
  await must('push', { argv: [name, 'push', ...flags, id, `docker://${reference}`], env });
  return (await readFile(digestFile, 'utf8')).trim() || undefined;
}

/** docker and nerdctl read credentials from a folder with a config.json; theirs, unless another file is given. */
async function plainPush(name: EngineName, push: Push, folder: string, env: NodeJS.ProcessEnv): Promise<Command> {
  const own = push.authFile !== undefined;
  if (push.authFile !== undefined) await copyFile(push.authFile, join(folder, 'config.json'));
  const flags = name === 'nerdctl' && push.insecure ? ['--insecure-registry'] : [];
  return { argv: [name, ...flags, 'push', push.reference], env: own ? { ...env, DOCKER_CONFIG: folder } : env };
}
