import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const root = '/sys/fs/cgroup';

/** Folders under which the kubelet wants its root: one a controller (v1, hybrid), or the one of v2. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(root, 'cgroup.controllers'))) return [root];
  const names = await readdir(root, { withFileTypes: true });
  return names.filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name));
}

/** Makes the sandbox's cgroup in every hierarchy; the kubelet refuses a root that is not there. */
export async function makeCgroups(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const folder = join(hierarchy, name);
    if (hierarchy === root) await delegateControllers();
    await mkdir(folder, { recursive: true });
    // A new cpuset is empty in v1, and takes no process then.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const parent = join(hierarchy, file);
      if (hierarchy !== root && existsSync(parent)) await writeFile(join(folder, file), await readFile(parent, 'utf8'));
    }
  }
}

/** In v2 a child has the controllers that its parent hands down. */
async function delegateControllers(): Promise<void> {
  const controllers = (await readFile(join(root, 'cgroup.controllers'), 'utf8')).trim().split(/\s+/);
  for (const one of controllers) await writeFile(join(root, 'cgroup.subtree_control'), `+${one}`).catch(() => {});
}

async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => foldersBelow(join(folder, entry.name))),
  );
  return [...below.flat(), folder];
}

/** Removes the sandbox's cgroups, deepest first; the kernel lets go of ended processes a moment later. */
export async function removeCgroups(name: string): Promise<void> {
  for (const end = Date.now() + 5_000; ; await delay(100)) {
    const left = (await existingFolders(name)).length;
    if (left === 0) return;
    for (const folder of await existingFolders(name)) await rmdir(folder).catch(() => {});
    if (Date.now() > end) throw new Error(`${left} cgroups of ${name} are still in use`);
  }
}

/** Every cgroup folder of that sandbox. */
export async function existingFolders(name: string): Promise<string[]> {
  const tops = (await hierarchies()).map((hierarchy) => join(hierarchy, name)).filter((folder) => existsSync(folder));
  return (await Promise.all(tops.map(foldersBelow))).flat();
}
