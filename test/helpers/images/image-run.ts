import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import { createResolver } from '../../../activities/clients/dns/resolver.ts';
import type { Deps } from '../../../activities/core/deps.ts';
import { imagesActivities } from '../../../activities/images/images.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import type { StepCall } from '../../../src/catalogue/call.ts';
import { activityEnvironment } from '../temporal/activity-environment.ts';
import { imagesSpec, type ImageWorld } from './image-world.ts';

type ImageStep = 'preflight/images' | 'preflight/build' | 'images/build' | 'images/push';
/** The steps of `fedctl images push` as a worker runs them: without a cluster, on a machine of the test's own. */
export interface ImageRun {
  stateFolder: string;
  /** Looks the images up. */
  check(images: object): Promise<ResultOf<'preflight/images'>>;
  /** Checks what a build needs. */
  checkBuild(images: object): Promise<ResultOf<'preflight/build'>>;
  build(images: object): Promise<ResultOf<'images/build'>>;
  push(images: object, facts: object): Promise<ResultOf<'images/push'>>;
  /** Starts a build or a push that can be cancelled. */
  start(
    step: 'build' | 'push',
    images: object,
    facts?: object,
  ): { ended: Promise<unknown>; cancel(): void; told: string[] };
}

/** Whose run it is, and which runs the server knows as open: all of them, unless told otherwise. */
export interface GivenRun {
  stateFolder?: string;
  firstRunId?: string;
  isOpen?: (firstRunId: string) => Promise<boolean>;
}

export function imageRun(machine: ImageWorld, env: NodeJS.ProcessEnv = {}, given: GivenRun = {}): ImageRun {
  const { stateFolder = mkdtempSync(join(machine.folder, 'state-')), firstRunId = 'run-1' } = given;
  const isOpen = given.isOpen ?? (async () => true);
  const deps: Deps = {
    kube: kubeClients({ HOME: '/nowhere' }),
    resolver: createResolver({ servers: [] }),
    runs: { namespaceUuid: async () => 'temporal-1', isOpen: (_workflowId, id) => isOpen(id) },
    log: { info: () => {}, warn: () => {} },
    env: { ...machine.env, ...env },
    stateFolder,
  };
  const steps = imagesActivities(deps);
  const call = <Id extends ImageStep>(step: Id, images: object, facts: object = {}): CallOf<Id> => {
    const run = {
      federation: 'images-test',
      uuid: '',
      workflowId: 'images/images-test',
      firstRunId,
      startedBy: 'tester@host',
      host: { context: 'none', namespace: 'none' },
      digest: 'sha256:0',
      imagesOnly: true,
    };
    const input = { spec: { images: imagesSpec(images) }, facts };
    return { step, run, parked: false, waitMs: 0, input } as unknown as CallOf<Id>;
  };
  const act = <I, O>(activity: (call: StepCall<I>) => Promise<O>, given: StepCall<I>): Promise<O> =>
    activityEnvironment().run(activity, given);
  return {
    stateFolder,
    check: (images) => act(steps.checkImages, call('preflight/images', images)),
    checkBuild: (images) => act(steps.checkBuild, call('preflight/build', images)),
    build: (images) => act(steps.buildImage, call('images/build', images)),
    push: (images, facts) => act(steps.pushImage, call('images/push', images, facts)),
    start: (step, images, facts) => {
      const environment = activityEnvironment();
      const told: string[] = [];
      environment.on('heartbeat', (detail: unknown) => told.push(String(detail)));
      const running =
        step === 'build'
          ? environment.run(steps.buildImage, call('images/build', images))
          : environment.run(steps.pushImage, call('images/push', images, facts));
      const ended = running.catch((error: unknown) => error);
      return { ended, cancel: () => environment.cancel(), told };
    },
  };
}
