import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { imagesRecordActivities } from '../../../activities/images/record.ts';
import { imagesActivities } from '../../../activities/images/images.ts';
import type { CallOf } from '../../../src/catalogue/call-of.ts';
import type { HostStepId } from '../../../src/catalogue/call-of.ts';
import { hostWorld, type HostWorld } from '../kubernetes/host-world.ts';
import { imagesSpec, imageWorld, type ImageWorld } from './image-world.ts';
import { startKubeApiserver } from '../kubernetes/kube-apiserver.ts';
import { type Registry, startRegistry } from './registry.ts';

export let server: Awaited<ReturnType<typeof startKubeApiserver>>;
/** Registries: of anybody, of those with an account, and over TLS. */
export let open: Registry;
export let closed: Registry;
export let tls: Registry;
/** The machine of the worker. */
export let machine: ImageWorld;
/** New for each test, as the activities are. */
export let world: HostWorld;
export let images: ReturnType<typeof imagesActivities>;
export let record: ReturnType<typeof imagesRecordActivities>;

/** A host cluster, three registries with the `official` images and the images' activities, for the tests of the file that calls it. */
export function imagesStage(): void {
  beforeAll(async () => {
    machine = imageWorld();
    [server, open, closed, tls] = await Promise.all([
      startKubeApiserver(),
      startRegistry(),
      startRegistry({ auth: true }),
      startRegistry({ tls: true }),
    ]);
    for (const registry of [open, closed, tls]) {
      await registry.put('official/hyperkube-amd64', 'v1.5.0');
      await registry.put('etcd', '3.6.8');
    }
  }, 120_000);
  afterAll(async () => {
    await Promise.all([server?.stop(), open?.stop(), closed?.stop(), tls?.stop()]);
    machine?.remove();
  });
  beforeEach(async () => {
    world = await hostWorld(server);
    withEnv({});
  });
}

/** The worker's environment of this test. */
export function withEnv(env: NodeJS.ProcessEnv): void {
  const deps = { ...world.deps, env: { ...machine.env, ...env } };
  [images, record] = [imagesActivities(deps), imagesRecordActivities(deps)];
}

export const insecure = (): string[] => [open.name, closed.name];
export const call = <Id extends HostStepId>(step: Id, spec: object, facts: object = {}): CallOf<Id> =>
  world.call(step, { spec: { images: imagesSpec({ insecureRegistries: insecure(), ...spec }) }, facts });
/** Images that are taken as they are; each registry has v1.5.0. */
export const official = (registry: Registry, version = 'v1.5.0'): object => {
  const image = { registry: `${registry.name}/official`, name: 'hyperkube-amd64', version };
  return { apiserver: image, controllerManager: image, etcd: { image: `${registry.name}/etcd:3.6.8` } };
};
export const checkBuild = (spec: object, facts: object = {}) =>
  world.act(images.checkBuild, call('preflight/build', spec, facts));
export const check = (spec: object) => world.act(images.checkImages, call('preflight/images', spec));
export const buildSpec = (source: string, given: object = {}): object => ({
  build: { source, binaries: ['true'], engine: 'buildah', push: { registry: open.name }, ...given },
});
export const binaries = (source: string, argv: string[]) =>
  world.act(images.buildBinaries, call('images/binaries', buildSpec(source, { binaries: argv })));
export const build = (spec: object, facts: object = {}) =>
  world.act(images.buildImage, call('images/build', spec, facts));
export const push = (spec: object, facts: object) => world.act(images.pushImage, call('images/push', spec, facts));

/** Waits until something holds; for what other processes do, which on a busy machine take long to start. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > end) throw new Error(`not seen: ${what}`);
}
