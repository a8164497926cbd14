import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { shortDigestOf } from '../kit/digest.ts';
import type { BuildScope } from '../core/step.ts';

/**
 * Runs `act` with an empty folder that only this user can read. Call it under the build lock of the source: what a
 * killed worker left in the folder, credentials of a push for example, is swept first.
 */
export async function withScratch<T>(
  { deps }: Pick<BuildScope, 'deps'>,
  source: string,
  act: (folder: string) => Promise<T>,
): Promise<T> {
  const name = shortDigestOf(source);
  const folder = join(deps.stateFolder, 'builds', 'scratch', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
