import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerStorage } from '../container-storage.ts';
import { run } from '../run.ts';
import type { Settings } from '../settings.ts';

/** Names of the images that the sandbox makes of its own programs, in its own registry. */
export const imageNames = { pause: 'pause:3', coredns: 'coredns:1', etcd: 'etcd:3.6.8' } as const;
type ImageName = keyof typeof imageNames;

/**
 * What `check --in-cluster` runs: Debian's dash, for busybox's own shell takes its own wget, which fails at TLS; a wget of
 * ours; and the rest from busybox.
 */
export const busyboxImage = 'busybox:1.35';
const applets = ['nslookup', 'sleep', 'tr'];

/** Makes and pushes that image. */
export async function pushBusybox(settings: Settings): Promise<void> {
  const context = join(settings.layout.state, 'images', 'busybox');
  await mkdir(context, { recursive: true });
  const libraries = [...(await run(['ldd', '/bin/dash'])).matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  const copies: [from: string, to: string][] = [
    ['/bin/dash', '/bin/sh'],
    ...libraries.map((path): [string, string] => [path, path]),
    [settings.programs['wget'] ?? '', '/bin/wget'],
    ...applets.map((name): [string, string] => ['/bin/busybox', `/bin/${name}`]),
  ];
  for (const [at, [from]] of copies.entries()) await copyFile(from, join(context, String(at)));
  const lines = copies.map(([, to], at) => `COPY ${at} ${to}`);
  await writeFile(join(context, 'Dockerfile'), `FROM scratch\n${lines.join('\n')}\nENV PATH=/bin\n`);
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
