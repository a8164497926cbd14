import { bundleWorkflowCode, type Logger } from '@temporalio/worker';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceFile } from '../src/files/replace-file.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Rooms of src/ that no workflow reads: they touch this machine and Temporal. */
const effects: ReadonlySet<string> = new Set(['cli', 'files', 'temporal']);

/** Where workflow code comes from, beside the SDK itself. */
async function sources(): Promise<string[]> {
  const rooms = await readdir(join(root, 'src'));
  return ['workflows', ...rooms.filter((room) => !effects.has(room)).map((room) => `src/${room}`)];
}

/** Digest of everything that goes into the bundle: our sources, and the version of the SDK. */
export async function bundleDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of (await sources()).sort()) {
    const files = (await readdir(join(root, folder), { recursive: true }))
      .filter((name) => /\.[jt]s$/.test(name))
      .sort();
    for (const file of files) hash.update(`${folder}/${file}\0`).update(await readFile(join(root, folder, file)));
  }
  const lock = join(root, 'package-lock.json');
  if (existsSync(lock)) hash.update(await readFile(lock));
  return hash.digest('hex').slice(0, 24);
}

/** The entry that names every workflow: source in a checkout, what tsc made of it in a package. */
export function workflowsPath(): string {
  const source = join(root, 'workflows/index.ts');
  return existsSync(source) ? source : join(root, 'workflows/index.js');
}

/**
 * Bundles the workflows, once per content: the result is kept under `<cache>/bundles`. Returns the file's path.
 * FEDCTL_WORKFLOW_BUNDLE names one made beforehand (the container image has it).
 */
export async function workflowBundle(cache: string, env: NodeJS.ProcessEnv, logger?: Logger): Promise<string> {
  if (env['FEDCTL_WORKFLOW_BUNDLE']) return env['FEDCTL_WORKFLOW_BUNDLE'];
  const folder = join(cache, 'bundles');
  const file = join(folder, `workflows-${await bundleDigest()}.js`);
  if (existsSync(file)) return file;
  const { code } = await bundleWorkflowCode({ workflowsPath: workflowsPath(), ...(logger ? { logger } : {}) });
  await mkdir(folder, { recursive: true });
  // Two workers may start at once: each writes a draft of its own.
  await replaceFile(file, code, { mode: 0o644 });
  return file;
}
