import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { builderId } from '../activities/images/build-host.ts';
import { createActivities } from '../activities/index.ts';
import { createDeps } from './deps.ts';
import { builderQueueOf, imagesQueueOf } from '../src/run/input.ts';
import { temporalConfig } from '../src/temporal/client.ts';
import { workflowBundle } from './bundle.ts';
import { asLog, installRuntime, quietLogger, workerLog } from './logging.ts';
import { runDirectory } from './runs.ts';

/** What a worker takes: everything, only runs (workflows and what touches clusters), or only builds of images. */
export const servings = ['all', 'runs', 'images'] as const;
export type Serving = (typeof servings)[number];

/** What `fedctl worker` decided. */
export interface WorkerSettings {
  taskQueue: string;
  serve: Serving;
  env: NodeJS.ProcessEnv;
  cacheFolder: string;
  stateFolder: string;
  /** Aborted when the process is asked to end. */
  stop: AbortSignal;
  /** Told when runs are taken. */
  onReady?: (about: { address: string; namespace: string }) => void;
}

/** What a worker that is asked to end leaves to activities before it cancels them; below the 30 s of Kubernetes. */
const graceMs = 10_000;
/** Builds taken at once from the queue of all builders; the one slot for work is in activities/images/build-host.ts. */
const buildSlots = 1;
/**
 * Tasks taken at once from a builder's own queue: more than one, so that a task that waits for its turn there is not
 * taken for one that nobody serves.
 */
const ownSlots = 50;

/**
 * Serves task queues until `stop`: workflows and everything that touches clusters on one, builds of images on two others
 * (any builder's, and this one's own), which a fleet may give to machines of its own by `serve`. Throws when Temporal is not reachable.
 */
export async function runWorker(settings: WorkerSettings): Promise<void> {
  const { env, stop } = settings;
  const log = workerLog(env);
  installRuntime(log);
  const { connectionOptions, address, namespace } = temporalConfig(env);
  const [connection, codePath] = await Promise.all([
    NativeConnection.connect(connectionOptions),
    // A worker of builds alone runs no workflow, and is ready the sooner.
    settings.serve === 'images' ? '' : workflowBundle(settings.cacheFolder, env, quietLogger(log)),
  ]);
  try {
    const activities = createActivities(
      createDeps(settings, { runs: runDirectory(connection, namespace), log: asLog(log) }),
    );
    const common = {
      connection,
      namespace,
      activities,
      shutdownGraceTime: graceMs,
      ...throttles,
    } satisfies Partial<WorkerOptions>;
    const builder = settings.serve === 'runs' ? '' : await builderId(settings.stateFolder);
    const workers = await Promise.all(
      pollingOf({ ...settings, builder }, codePath).map((options) => Worker.create({ ...common, ...options })),
    );
    settings.onReady?.({ address, namespace });
    const shutdown = (): void => workers.forEach((worker) => worker.getState() === 'RUNNING' && worker.shutdown());
    stop.addEventListener('abort', shutdown, { once: true });
    const runs = workers.map((worker) => worker.run());
    if (stop.aborted) shutdown();
    // When one dies of a fault the other ends in order, so that a supervisor can start both again.
    await Promise.all(runs.map((run) => run.finally(shutdown)));
  } finally {
    await connection.close();
  }
}

type Polling = Pick<WorkerOptions, 'workflowBundle' | 'maxConcurrentActivityTaskExecutions'> & { taskQueue: string };

/** The queues that are polled. A worker of builds alone runs no workflow. */
export function pollingOf(
  { taskQueue, serve, builder }: Pick<WorkerSettings, 'taskQueue' | 'serve'> & { builder: string },
  codePath: string,
): Polling[] {
  const runs = { taskQueue, workflowBundle: { codePath } };
  const images = { taskQueue: imagesQueueOf(taskQueue), maxConcurrentActivityTaskExecutions: buildSlots };
  const own = { taskQueue: builderQueueOf(taskQueue, builder), maxConcurrentActivityTaskExecutions: ownSlots };
  return { all: [runs, images, own], runs: [runs], images: [images, own] }[serve];
}

/** Heartbeats carry why a step waits, and their answers carry cancellation: both should not be old. */
const throttles = { maxHeartbeatThrottleInterval: 2_000, defaultHeartbeatThrottleInterval: 2_000 };
