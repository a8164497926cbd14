import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerStorage } from '../container-storage.ts';
import { run } from '../run.ts';
import type { Settings } from '../settings.ts';

/** Names of the images that the sandbox makes of its own programs, in its own registry. */
export const imageNames = { pause: 'pause:3', coredns: 'coredns:1', etcd: 'etcd:3.6.8' } as const;
type ImageName = keyof typeof imageNames;

/** One static program in an image of its own; pushed to the sandbox's registry. */
export async function pushProgramImage(settings: Settings, name: ImageName): Promise<void> {
  const { layout, programs } = settings;
  const context = join(layout.state, 'images', name);
  const reference = `${layout.registry}/${imageNames[name]}`;
  await mkdir(context, { recursive: true });
  await copyFile(programs[name] ?? '', join(context, name));
  await writeFile(join(context, 'Dockerfile'), `FROM scratch\nCOPY ${name} /${name}\nENTRYPOINT ["/${name}"]\n`);
  const env = { ...process.env, ...(await containerStorage(layout)) };
  await run(['buildah', 'build', '--isolation', 'chroot', '-q', '-t', reference, context], { env });
  await run(['buildah', 'push', '-q', '--tls-verify=false', reference], { env });
  await rm(context, { recursive: true });
}
