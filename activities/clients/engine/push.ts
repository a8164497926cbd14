import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseReference } from '../../../src/images/reference.ts';
import { authsOf, type Credentials, type DockerConfig, readDockerConfig } from '../registry/docker-config.ts';
import type { Command } from './command.ts';

/** What is pushed, and with what. */
export interface Push {
  imageId: string;
  /** Full reference with a tag. */
  reference: string;
  insecure: boolean;
  /** PEM of the registry's CA. docker and nerdctl have settings of their own for it (certs.d). */
  caFile?: string | undefined;
  /** The login to push with; undefined: the engine finds its own. Secret. */
  credentials?: Credentials | undefined;
  /** Folder for files of this push, that nobody else can read; the caller empties it. */
  folder: string;
}

/** Runs commands of one push; throws when one does not end well. Returns standard output of a quiet one. */
export type Must = (command: Command) => Promise<string>;

/** Big layers are packed into files on the way: in the folder they go with it, however the push ends. */
const within = (env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv => ({ ...env, TMPDIR: folder });

/** A docker config file with this login alone; without a login there is none. */
async function loginFile(file: string, push: Push, more: DockerConfig = {}): Promise<string | undefined> {
  const registry = parseReference(push.reference)?.registry;
  if (!push.credentials || !registry) return undefined;
  const config = { ...more, auths: authsOf(registry, push.credentials) };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

/** buildah and podman take everything as flags, and write the digest of what they pushed to a file. */
export async function pushByFlags(
  name: 'buildah' | 'podman',
  push: Push,
  env: NodeJS.ProcessEnv,
  must: Must,
): Promise<string | undefined> {
  const { imageId, reference, insecure, caFile, folder } = push;
  const digestFile = join(folder, 'digest');
  const authFile = await loginFile(join(folder, 'auth.json'), push);
  // --cert-dir takes a folder whose *.crt are CAs.
  if (caFile) await copyFile(caFile, join(folder, 'ca.crt'));
  const flags = [
    ...(insecure ? ['--tls-verify=false'] : []),
    ...(caFile ? ['--cert-dir', folder] : []),
    ...(authFile ? ['--authfile', authFile] : []),
    ...['--digestfile', digestFile],
  ];
  const id = imageId.replace(/^sha256:/, '');
  await must({ argv: [name, 'push', ...flags, id, `docker://${reference}`], env: within(env, folder) });
  return (await readFile(digestFile, 'utf8')).trim() || undefined;
}

/** What a push by name needs of its engine. */
export interface Namer {
  must: Must;
  find(reference: string): Promise<string | undefined>;
  remove(reference: string): Promise<boolean>;
}

/**
 * docker and nerdctl give the image its name first, and read credentials from a folder with a config.json: theirs,
 * unless a login is given. A name that was not there before is taken away again: it would keep the image for ever.
 * docker can be asked for the digest afterwards; nerdctl may push another manifest than it
 * lists (that of one platform), so what it says is not asked for.
 */
export async function pushByName(
  name: 'docker' | 'nerdctl',
  push: Push,
  env: NodeJS.ProcessEnv,
  { must, find, remove }: Namer,
): Promise<string | undefined> {
  const { imageId, reference, insecure } = push;
  const before = await find(reference);
  await must({ argv: [name, 'tag', imageId, reference], env });
  try {
    const flags = name === 'nerdctl' && insecure ? ['--insecure-registry'] : [];
    await must({ argv: [name, ...flags, 'push', reference], env: await withLogin(push, env) });
    if (name === 'nerdctl') return undefined;
    const argv = [name, 'image', 'inspect', '--format', '{{range .RepoDigests}}{{println .}}{{end}}', imageId];
    return digestIn(await must({ argv, env, quiet: true }), reference);
  } finally {
    // However the push ended; a cancellation is told by what was cancelled.
    if (before === undefined) await remove(reference).catch(() => false);
  }
}

/** The environment with the login in a config folder of its own; context and its endpoint stay those of the user. */
async function withLogin(push: Push, env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const theirs = env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
  const { currentContext } = await readDockerConfig(join(theirs, 'config.json')).catch(() => ({}) as DockerConfig);
  const own = join(push.folder, 'docker');
  await mkdir(own, { mode: 0o700, recursive: true });
  const file = await loginFile(join(own, 'config.json'), push, currentContext ? { currentContext } : {});
  if (!file) return env;
  await symlink(join(theirs, 'contexts'), join(own, 'contexts'));
  return { ...env, DOCKER_CONFIG: own };
}

/** The digest under which this repository has the image; undefined unless there is exactly one. */
function digestIn(lines: string, reference: string): string | undefined {
  const wanted = parseReference(reference);
  const digests = lines
    .split('\n')
    .map((line) => parseReference(line.trim()))
    .filter((found) => found?.registry === wanted?.registry && found?.repository === wanted?.repository)
    .flatMap((found) => found?.digest ?? []);
  return digests.length === 1 ? digests[0] : undefined;
}
