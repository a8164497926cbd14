import { mkdir } from 'node:fs/promises';
import { cacheHome } from '../layout.ts';
import { run } from '../run.ts';
import type { Settings } from '../settings.ts';

/**
 * A /run and a /var of the sandbox's own: sockets, locks and network namespaces of other programs stay out of sight, and
 * what kubelet, CNI and buildah write at places that no setting moves (/var/log/pods, /var/lib/cni) ends with it.
 */
export async function setUpMounts({ layout }: Settings): Promise<void> {
  await run(['mount', '-t', 'tmpfs', 'tmpfs', '/run']);
  const folders = ['/run/netns', '/run/containerd', '/run/lock', '/run/var/upper', '/run/var/work'];
  for (const folder of folders) await mkdir(folder, { recursive: true });
  // Writes to /var must reach the disk where the sandbox's own files are in it.
  if ([layout.state, cacheHome()].some((folder) => folder.startsWith('/var/'))) return;
  const options = 'lowerdir=/var,upperdir=/run/var/upper,workdir=/run/var/work';
  await run(['mount', '-t', 'overlay', 'overlay', '-o', options, '/var']);
}
