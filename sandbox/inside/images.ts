import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerStorage } from '../container-storage.ts';
import { run } from '../run.ts';
import type { Settings } from '../settings.ts';

/** Names of the images that the sandbox makes of its own programs, in its own registry. */
export const imageNames = { pause: 'pause:3', coredns: 'coredns:1', etcd: 'etcd:3.6.8' } as const;
type ImageName = keyof typeof imageNames;

/** What `check --in-cluster` runs: Debian's static busybox under the names it is asked by, and a wget that knows TLS. */
export const busyboxImage = 'busybox:1.35';
const applets = ['sh', 'nslookup', 'tr'];

/** Makes and pushes the image of busybox. */
export async function pushBusybox(settings: Settings): Promise<void> {
  const context = join(settings.layout.state, 'images', 'busybox');
  await mkdir(context, { recursive: true });
  await copyFile('/bin/busybox', join(context, 'busybox'));
  await copyFile(settings.programs['wget'] ?? '', join(context, 'wget'));
  const copies = [...applets.map((name) => `COPY busybox /bin/${name}`), 'COPY wget /bin/wget'];
  await writeFile(join(context, 'Dockerfile'), `FROM scratch\n${copies.join('\n')}\nENV PATH=/bin\n`);
  await buildAndPush(settings, busyboxImage, context);
}

/** One static program in an image of its own; pushed to the sandbox's registry. */
export async function pushProgramImage(settings: Settings, name: ImageName): Promise<void> {
  const { layout, programs } = settings;
  const context = join(layout.state, 'images', name);
  await mkdir(context, { recursive: true });
  await copyFile(programs[name] ?? '', join(context, name));
  await writeFile(join(context, 'Dockerfile'), `FROM scratch\nCOPY ${name} /${name}\nENTRYPOINT ["/${name}"]\n`);
  await buildAndPush(settings, imageNames[name], context);
}

async function buildAndPush({ layout }: Settings, name: string, context: string): Promise<void> {
  const reference = `${layout.registry}/${name}`;
  const env = { ...process.env, ...(await containerStorage(layout)) };
  await run(['buildah', 'build', '--isolation', 'chroot', '-q', '-t', reference, context], { env });
  await run(['buildah', 'push', '-q', '--tls-verify=false', reference], { env });
  await rm(context, { recursive: true });
}
