import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker, type WorkerOptions, type WorkflowBundlePath } from '@temporalio/worker';
import { cacheHome } from '../../../sandbox/layout.ts';
import { builderQueueOf, imagesQueueOf } from '../../../src/run/input.ts';
import { workflowBundle as bundleFile } from '../../../worker/bundle.ts';
import { findProgram } from '../common/programs.ts';

/** A real Temporal dev server of its own, on loopback, with fedctl's search attributes. */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  const keyword = ['FedctlFederation', 'FedctlStatus', 'FedctlPhase', 'FedctlBlockedStep'];
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: findProgram('temporal') },
      extraArgs: keyword.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    },
  });
}

let bundle: Promise<WorkflowBundlePath> | undefined;
/** The real workflows, bundled once for each content of theirs. */
export function workflowBundle(): Promise<WorkflowBundlePath> {
  bundle ??= bundleFile(cacheHome(), {}, new DefaultLogger('ERROR')).then((codePath) => ({ codePath }));
  return bundle;
}

/**
 * Workers for a task queue and its image queue with the given activities, and for the own queue of `builder`; run `work`
 * while they poll. `serve: 'runs'`: none for images, as a fleet that has builders for them.
 */
export async function withWorkers<T>(
  env: TestWorkflowEnvironment,
  taskQueue: string,
  activities: object,
  work: () => Promise<T>,
  { builder, serve = 'all', ...options }: Partial<WorkerOptions> & { builder?: string; serve?: 'all' | 'runs' } = {},
): Promise<T> {
  const common = { connection: env.nativeConnection, activities, workflowBundle: await workflowBundle(), ...options };
  const queues =
    serve === 'runs' ? [] : [imagesQueueOf(taskQueue), ...(builder ? [builderQueueOf(taskQueue, builder)] : [])];
  const builders = await Promise.all(
    queues.map((queue) => Worker.create({ connection: env.nativeConnection, activities, taskQueue: queue })),
  );
  const main = await Worker.create({ ...common, taskQueue });
  return builders.reduce<() => Promise<T>>(
    (inner, worker) => () => worker.runUntil(inner),
    () => main.runUntil(work),
  )();
}
