import { constants, type Stats } from 'node:fs';
import { access, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceFile } from '../../files/replace-file.ts';
import type { ImageValues } from '../../images/values-yaml.ts';

/** Times that a file which changes under us is merged anew. */
const mergesAtMost = 3;

/** The guide's values.yaml; undefined when the operator keeps none (FEDERATION_OUTPUT_ROOT is not set). */
export function valuesPath(env: NodeJS.ProcessEnv): string | undefined {
  const root = env['FEDERATION_OUTPUT_ROOT'];
  return root ? join(root, 'values.yaml') : undefined;
}

/**
 * Writes the four image values into a values.yaml, all at once; comments and everything else in it are kept, and so
 * are its rights and owner. A file that is not there is made. What somebody else writes meanwhile is kept too. Returns
 * `kept` when the values stood there already. Throws an Error when the file is read-only, is not valid YAML, cannot be
 * written, or changes again and again; then it is as it was.
 */
export async function writeValues(
  file: string,
  values: ImageValues,
  put: typeof putInPlace = putInPlace,
): Promise<'written' | 'kept'> {
  const { setImageValues } = await import('../../images/values-yaml.ts');
  const target = await realpath(file).catch(() => file); // a symlink stays one
  for (let merges = 0; merges < mergesAtMost; merges += 1) {
    const before = await readOrNone(target);
    const text = setImageValues(before ?? '', values);
    if (text === '') return 'kept';
    await checkWritable(target);
    if (await put(target, before, text)) return 'written';
  }
  throw new Error(`somebody else changed it at the same moment, ${mergesAtMost} times`);
}

/**
 * Whether writeValues could write, for before anything is pushed. Throws an Error that says why not: a file whose
 * write bits are off is meant to stay as it is, also where root could replace it, and so is a folder.
 */
export async function checkValues(file: string): Promise<void> {
  const { setImageValues } = await import('../../images/values-yaml.ts');
  const target = await realpath(file).catch(() => file);
  setImageValues((await readOrNone(target)) ?? '', anyValues);
  await checkWritable(target);
}

const anyValues: ImageValues = {
  apiserverRegistry: 'r',
  apiserverVersion: 'v',
  controllerManagerRegistry: 'r',
  controllerManagerVersion: 'v',
};

async function checkWritable(target: string): Promise<void> {
  const facts = await factsOf(target);
  if (facts && !facts.isFile()) throw new Error('it is not a file');
  if (facts && (facts.mode & 0o222) === 0)
    throw new Error(`it is read-only (mode ${(facts.mode & 0o777).toString(8)})`);
  const user = process.geteuid?.() ?? 0;
  if (facts && user !== 0 && facts.uid !== user)
    throw new Error(`it belongs to user ${facts.uid}, and would not after it`);
  const folder = await nearestFolder(dirname(target));
  await access(folder, constants.W_OK).catch(() => {
    throw new Error(`the folder ${folder} cannot be written to`);
  });
}

/** The folder, or the first above it that is there. */
async function nearestFolder(folder: string): Promise<string> {
  return (await factsOf(folder)) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

/** Puts the new text in place of the old one; false, with nothing done, when the old one is another by now. */
export async function putInPlace(target: string, before: string | undefined, text: string): Promise<boolean> {
  await mkdir(dirname(target), { recursive: true });
  return replaceFile(target, text, { mode: 0o644, stillWanted: async () => (await readOrNone(target)) === before });
}

const factsOf = (path: string): Promise<Stats | undefined> =>
  stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

async function readOrNone(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
