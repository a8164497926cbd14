import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from './layout.ts';

/**
 * Environment that keeps buildah's and podman's images inside the sandbox's folder; the machine's own storage is not
 * touched, and nothing of it outlives the sandbox. vfs works everywhere.
 */
export async function containerStorage({ state }: Layout): Promise<Record<string, string>> {
  const file = join(state, 'storage.conf');
  const root = join(state, 'containers');
  await mkdir(root, { recursive: true });
  await writeFile(file, `[storage]\ndriver = "vfs"\ngraphroot = "${root}/graph"\nrunroot = "${root}/run"\n`);
  return { CONTAINERS_STORAGE_CONF: file, STORAGE_DRIVER: 'vfs' };
}
