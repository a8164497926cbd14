import { randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ImageValues } from '../plan/values-yaml.ts';

/** The guide's values.yaml; undefined when the operator keeps none (FEDERATION_OUTPUT_ROOT is not set). */
export function valuesPath(env: NodeJS.ProcessEnv): string | undefined {
  const root = env['FEDERATION_OUTPUT_ROOT'];
  return root ? join(root, 'values.yaml') : undefined;
}

/**
 * Writes the four image values into a values.yaml, all at once; comments and everything else in it are kept, and so
 * are its rights. A file that is not there is made. Answers `kept` when they stood there already.
 */
export async function writeValues(file: string, values: ImageValues): Promise<'written' | 'kept'> {
  const { setImageValues } = await import('../plan/values-yaml.ts');
  const target = await realpath(file).catch(() => file); // a symlink stays one
  const text = setImageValues(await readOrEmpty(target), values);
  if (text === '') return 'kept';
  await mkdir(dirname(target), { recursive: true });
  const mode = await stat(target).then(
    (facts) => facts.mode & 0o777,
    () => 0o644,
  );
  const draft = `${target}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, text, { mode });
  await rename(draft, target);
  return 'written';
}

async function readOrEmpty(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
