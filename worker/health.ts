import { hostname } from 'node:os';
import { pathToFileURL } from 'node:url';
import { connectTemporal } from '../src/temporal/client.ts';
import { taskQueueOf } from '../src/temporal/task-queue.ts';
import { imagesQueueOf } from '../src/run/input.ts';

/** A worker asks for tasks again at least once a minute (a long poll); one call may get lost. */
const freshMs = 150_000;

/**
 * Whether a worker on this machine serves `taskQueue`: '' when Temporal saw one ask for tasks within the last 2.5
 * minutes, else why not. A worker is known by its identity, `<pid>@<host>`, which is what the SDK gives it when nothing
 * else is said. Throws TemporalError when Temporal does not answer within 5 s.
 */
export async function unhealthy(env: NodeJS.ProcessEnv, taskQueue: string, host = hostname()): Promise<string> {
  const { connection, namespace } = await connectTemporal(env);
  try {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: 2,
    });
    const seen = (pollers ?? [])
      .filter(({ identity }) => identity?.endsWith(`@${host}`))
      .map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000);
    if (seen.length === 0) return `no worker of ${host} asks for tasks of ${taskQueue}`;
    const age = Date.now() - Math.max(...seen);
    return age <= freshMs ? '' : `the worker of ${host} last asked ${Math.round(age / 1000)} s ago`;
  } finally {
    await connection.close();
  }
}

/** The queue that a worker with this environment polls for certain (FEDCTL_TASK_QUEUE, FEDCTL_SERVE). */
export const servedQueue = (env: NodeJS.ProcessEnv): string =>
  env['FEDCTL_SERVE'] === 'images' ? imagesQueueOf(taskQueueOf(env)) : taskQueueOf(env);

/** The check of the container: exit code 0 when healthy, else 1 and why on standard error. */
async function main(): Promise<void> {
  const why = await unhealthy(process.env, servedQueue(process.env)).catch((error: Error) => error.message);
  if (why === '') return;
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
