import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../src/errors/step-error.ts';
import type { ImageReference } from '../../src/images/reference.ts';
import type { EngineName } from '../clients/engine/engine.ts';
import { failure } from '../kit/fail.ts';
import { type ImagesSpec, registriesOf } from './target.ts';

/** Where engines look for the CA of a registry that are given none with a push; buildah and podman are. */
const folders: Partial<Record<EngineName, (home: string) => string[]>> = {
  docker: (home) => ['/etc/docker/certs.d', join(home, '.config/docker/certs.d'), join(home, '.docker/certs.d')],
  nerdctl: (home) => ['/etc/containerd/certs.d', '/etc/docker/certs.d', join(home, '.config/containerd/certs.d')],
};

/**
 * That the engine trusts a registry which shows a certificate of `images.caFile`: docker and nerdctl do not take it from
 * us. Throws ENGINE_CA. The daemon's own files are seen only where it runs on the worker's machine.
 */
export async function checkTrust(
  images: ImagesSpec,
  engine: EngineName,
  place: Pick<ImageReference, 'registry' | 'repository'>,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const places = folders[engine]?.(env['HOME'] || homedir());
  if (!places || !images.caFile || images.insecureRegistries.includes(place.registry)) return;
  if (!(await needsCa(images, place, env))) return;
  const known = await Promise.all(places.map((folder) => hasCa(join(folder, place.registry))));
  if (known.includes(true)) return;
  const file = join(places[0] ?? '', place.registry, 'ca.crt');
  const message = `${engine} takes no CA from images.caFile, and there is none for ${place.registry} in ${places.join(', ')}`;
  throw failure('ENGINE_CA', message, { engine, registry: place.registry, file });
}

/** Whether the registry is one that only the CA file makes trusted. */
async function needsCa(
  images: ImagesSpec,
  place: Pick<ImageReference, 'registry' | 'repository'>,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  try {
    await registriesOf({ ...images, caFile: undefined }, env, 'push').checkPush(place);
    return false;
  } catch (error) {
    return codeOf(error) === 'REGISTRY_TLS';
  }
}

/** Whether the folder of a registry says whom to trust there. */
const hasCa = async (folder: string): Promise<boolean> =>
  (await readdir(folder).catch(() => [])).some((file) => file.endsWith('.crt') || file === 'hosts.toml');
