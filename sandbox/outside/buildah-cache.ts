import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where buildah as root keeps what it knows of blobs, whatever its storage settings say. */
const folder = '/var/lib/containers';

/** Whether the machine had such a folder of its own; asked before the sandbox's first build. */
export const hasBuildahCache = (): boolean => existsSync(folder);

/** Removes the folder when nothing but buildah's knowledge of blobs is in it. */
export async function removeBuildahCache(): Promise<void> {
  const cache = join(folder, 'cache');
  for (const file of await readdir(cache).catch(() => [])) {
    if (file.startsWith('blob-info-cache')) await rm(join(cache, file), { force: true });
  }
  for (const empty of [cache, folder]) await rmdir(empty).catch(() => {});
}
