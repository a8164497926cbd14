import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Worker,
  type WorkerOptions,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { findProgram } from './programs.ts';

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

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;
/** The real workflows, bundled once a process. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  bundle ??= bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return bundle;
}

/** Workers for a task queue and its image queue with the given activities; run `work` while they poll. */
export async function withWorkers<T>(
  env: TestWorkflowEnvironment,
  taskQueue: string,
  activities: object,
  work: () => Promise<T>,
  options: Partial<WorkerOptions> = {},
): Promise<T> {
  const common = { connection: env.nativeConnection, activities, workflowBundle: await workflowBundle(), ...options };
  const images = await Worker.create({
    connection: env.nativeConnection,
    activities,
    taskQueue: `${taskQueue}-images`,
  });
  const main = await Worker.create({ ...common, taskQueue });
  return images.runUntil(() => main.runUntil(work));
}
