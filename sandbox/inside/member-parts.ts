import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In /proc, not by a signal: one that ended and was not yet waited for runs no more. */
async function runs(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/**
 * Parts of a simulated cluster that ended by themselves, by the pid files that kwokctl keeps in the cluster's folder: it
 * starts each part only once, and controllers give up on an API server that is slow to come up. A cluster that was
 * stopped has no pid files, and so none.
 */
export async function endedParts(cluster: string): Promise<string[]> {
  const folder = join(cluster, 'pids');
  const files = await readdir(folder).catch(() => []);
  const ended = files.map(async (file) => {
    const pid = Number(await readFile(join(folder, file), 'utf8').catch(() => ''));
    return pid > 0 && !(await runs(pid)) ? [file.replace(/\.pid$/, '')] : [];
  });
  return (await Promise.all(ended)).flat();
}
