import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import type { StepCall } from '../../src/plan/call.ts';
import type { FrozenGraph, FrozenStep } from '../../src/plan/frozen.ts';
import { imagesQueueOf } from '../../src/run/input.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { createDeps } from '../../worker/deps.ts';
import { asLog, quietLogger, workerLog } from '../../worker/logging.ts';
import { runDirectory } from '../../worker/runs.ts';

/**
 * A worker that dies by SIGKILL once at every act: before it, in the middle (its first write was answered, nothing else
 * happened) or after it (all done, Temporal not told). A file remembers where it died already; its successor goes on.
 */
type When = 'never' | 'before' | 'middle' | 'after';
const when = (process.env['CRASH_WHEN'] ?? 'never') as When;
const file = process.env['CRASH_FILE'] ?? '';
const taskQueue = process.env['FEDCTL_TASK_QUEUE'] ?? '';
/** ms; a dead worker is noticed sooner than by default. */
const heartbeatMs = 7_000;

const died = new Set(readFileSync(file, 'utf8').split('\n'));

function dieOnce(act: string): void {
  if (died.has(act)) return;
  appendFileSync(file, `${act}\n`);
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // nothing more happens in this thread
}

const acting = new AsyncLocalStorage<string>();
const request = https.request;
// In the middle of an act: the server has done what was asked, and nobody hears of it.
https.request = ((url: URL, options: https.RequestOptions, answered?: (response: IncomingMessage) => void) => {
  const act = acting.getStore();
  const writes = options.method !== 'GET' && !url.pathname.includes('selfsubjectaccessreviews');
  return request(url, options, (response) => {
    if (act && writes && when === 'middle' && (response.statusCode ?? 500) < 300) dieOnce(act);
    answered?.(response);
  });
}) as unknown as typeof https.request;

type Act = (call: StepCall) => Promise<unknown>;

function mortal(name: string, act: Act): Act {
  return async (call) => {
    const id = `${name} ${call.step}`;
    if (when === 'before') dieOnce(id);
    const result = await acting.run(id, () => act(call));
    if (when === 'after') dieOnce(id);
    return name === 'planSteps' ? noticedSooner(result) : result;
  };
}

function noticedSooner(result: unknown): unknown {
  const { graph } = (result as { facts: { graph: FrozenGraph } }).facts;
  const members: FrozenStep[] = graph.clusters?.template ?? [];
  for (const step of [...graph.steps, ...members]) step.timing.heartbeatMs = heartbeatMs;
  return result;
}

const env = process.env;
const log = workerLog(env);
const strings = Object.fromEntries(
  Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
);
const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({ overrideEnvVars: strings });
const connection = await NativeConnection.connect(connectionOptions);
const codePath = await workflowBundle(env['CRASH_CACHE'] ?? '', env, quietLogger(log));
const deps = createDeps(
  { env, stateFolder: env['FEDCTL_STATE'] ?? '' },
  { runs: runDirectory(connection, namespace), log: asLog(log) },
);
const activities = Object.fromEntries(
  Object.entries(createActivities(deps)).map(([name, act]) => [name, mortal(name, act as unknown as Act)]),
);
const common = {
  connection,
  namespace,
  activities,
  maxHeartbeatThrottleInterval: 1_000,
  defaultHeartbeatThrottleInterval: 1_000,
};
const workers = await Promise.all([
  Worker.create({ ...common, taskQueue, workflowBundle: { codePath } }),
  Worker.create({ ...common, taskQueue: imagesQueueOf(taskQueue) }),
]);
process.stderr.write('worker ready\n');
await Promise.all(workers.map((worker) => worker.run()));
