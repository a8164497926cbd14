import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Hexadecimal digits of a content tag: 48 bits, as many as git shows at most by itself. */
const tagDigits = 12;

/**
 * A tag that says what was built: `g` and a hash over the files of the build context (names, contents, executable
 * bits; not times) and the Dockerfile. What .git and .dockerignore name plainly does not count. The same source gives
 * the same tag on every machine. Throws what reading a file throws, and the signal's reason.
 */
export async function contentTag(context: string, dockerfile: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const ignored = await ignoredPaths(context);
  for (const path of [...(await filesUnder(context, '', ignored)), relative(context, dockerfile)]) {
    signal.throwIfAborted();
    hash.update(`${path}\0${await contentOf(join(context, path), signal)}\0`);
  }
  return `g${hash.digest('hex').slice(0, tagDigits)}`;
}

/**
 * What the build context is like: a hash over names, sizes, modes and times of its files, and of the Dockerfile. Cheap,
 * and only good on this machine: it differs as soon as anybody wrote there, though it be the same again.
 */
export async function sourceState(context: string, dockerfile: string): Promise<string> {
  const hash = createHash('sha256');
  const ignored = await ignoredPaths(context);
  for (const path of [...(await filesUnder(context, '', ignored)), relative(context, dockerfile)]) {
    const { size, mode, mtimeNs } = await lstat(join(context, path), { bigint: true });
    hash.update(`${path}\0${size} ${mode} ${mtimeNs}\0`);
  }
  return hash.digest('hex').slice(0, 32);
}

/** Mode and hash of one file; of a symbolic link where it points. */
async function contentOf(path: string, signal: AbortSignal): Promise<string> {
  const facts = await lstat(path);
  if (facts.isSymbolicLink()) return `link ${await readlink(path)}`;
  if (!facts.isFile()) return 'other';
  const hash = createHash('sha256');
  // A stream of 64 KiB at a time takes twice the time for a binary: each piece is a way to another thread and back.
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash, { signal });
  return `${facts.mode & 0o111 ? 'program' : 'file'} ${hash.digest('hex')}`;
}

/** Paths of all files below a folder, sorted, with `/` between their parts. */
async function filesUnder(root: string, folder: string, ignored: ReadonlySet<string>): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const paths: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (ignored.has(path)) continue;
    if (entry.isDirectory()) paths.push(...(await filesUnder(root, path, ignored)));
    else paths.push(path);
  }
  return paths;
}

/**
 * Paths that .dockerignore names without a pattern. Patterns count as not ignored: then a file that the engine leaves
 * out can change the tag, which costs a build; the other way round a change would be missed. For the same reason
 * nothing is ignored when the file takes something back with `!`.
 */
async function ignoredPaths(context: string): Promise<ReadonlySet<string>> {
  const text = await readFile(join(context, '.dockerignore'), 'utf8').catch(() => '');
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const plain = lines.some((line) => line.startsWith('!')) ? [] : lines.filter((line) => !/[*?[\\]/.test(line));
  return new Set(['.git', ...plain.map((line) => line.replace(/^\.?\/+/, '').replace(/\/+$/, ''))]);
}
