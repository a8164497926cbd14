import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** How a file is replaced. */
export interface Replacing {
  /** Rights of a file that is not there yet. @default 0o600 */
  mode?: number;
  /** Asked at the last moment, when the draft is ready: false leaves the file as it is. */
  stillWanted?: () => Promise<boolean>;
  /** Puts the draft in the place of the file. @default rename of node:fs */
  move?: (draft: string, file: string) => Promise<void>;
}

/** A mount point cannot be replaced, nor a file by one of another file system. */
const cannotMove: ReadonlySet<string> = new Set(['EBUSY', 'EXDEV']);
/** The folder takes no draft, or the draft cannot be given to the owner of the file. */
const cannotDraft: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Puts `text` into a file, all at once and for good: a reader, and a crash at any moment, finds the old text or the new
 * one. The file keeps owner and rights, and a symbolic link stays one; a file that is not there is made, its folder is
 * not. Where it can only be written in place (a bind mount, a folder that takes no other file), it is, and only then
 * can a crash leave some of both texts; an error puts the old one back. Returns false, with nothing done, when it is
 * not wanted after all. Throws what node:fs throws; no draft is left behind.
 */
export async function replaceFile(file: string, text: string, how: Replacing = {}): Promise<boolean> {
  const { mode = 0o600, stillWanted = () => Promise.resolve(true), move = rename } = how;
  const target = await targetOf(file);
  const facts = await factsOf(target);
  const draft = `${target}.${randomBytes(4).toString('hex')}`;
  try {
    const drafted = await writeDraft(draft, text, facts ?? { mode }).then(
      () => true,
      (error: unknown) => (facts ? throwUnless(cannotDraft, error) : Promise.reject(error as Error)),
    );
    if (!(await stillWanted())) return false;
    if (!drafted || !(await moved(move, draft, target, facts))) await writeInPlace(target, text);
    await syncFolder(dirname(target));
    return true;
  } finally {
    await rm(draft, { force: true });
  }
}

/** The file that a symbolic link leads to, also where that is not there yet. */
async function targetOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const link = await readlink(file).catch(() => undefined);
    return link === undefined ? file : targetOf(resolve(dirname(file), link));
  }
}

async function writeDraft(draft: string, text: string, { mode, uid, gid }: Partial<Stats> & { mode: number }) {
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    if (uid !== undefined && gid !== undefined) await handle.chown(uid, gid);
    await handle.chmod(mode & 0o7777);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function moved(
  move: NonNullable<Replacing['move']>,
  draft: string,
  target: string,
  facts: Stats | undefined,
): Promise<boolean> {
  try {
    await move(draft, target);
    return true;
  } catch (error) {
    return facts?.isFile() ? throwUnless(cannotMove, error) : Promise.reject(error as Error);
  }
}

async function writeInPlace(target: string, text: string): Promise<void> {
  const handle = await open(target, 'r+');
  try {
    const old = await handle.readFile();
    try {
      await overwrite(handle, Buffer.from(text));
    } catch (error) {
      // It has its place on the disk already, which may be full.
      await overwrite(handle, old).catch(() => undefined);
      throw error;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes from the start of the file on, and cuts off what it had more only then: at no time it is empty. */
async function overwrite(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
  await handle.truncate(bytes.length);
}

/** The name of a file is in its folder, which should reach the disk as well; the file is written whether it does or not. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close().catch(() => undefined);
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** False for an error of these codes; any other is thrown. */
function throwUnless(codes: ReadonlySet<string>, error: unknown): false {
  if (!codes.has(codeOf(error))) throw error;
  return false;
}

const factsOf = (path: string): Promise<Stats | undefined> =>
  stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
