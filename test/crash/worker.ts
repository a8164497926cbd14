import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { builderId } from '../../activities/images/build-host.ts';
import { currentContext } from '../../activities/kit/context.ts';
import { createActivities } from '../../activities/index.ts';
import type { StepCall } from '../../src/catalogue/call.ts';
import type { FrozenGraph } from '../../src/graph/frozen.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { createDeps } from '../../worker/deps.ts';
import { asLog, quietLogger, workerLog } from '../../worker/logging.ts';
import { pollingOf } from '../../worker/main.ts';
import { runDirectory } from '../../worker/runs.ts';
import { Mortality } from './mortal.ts';
import type { Orders } from './orders.ts';
import { watchWorld } from './watched.ts';

/** A worker that dies by SIGKILL where CRASH_ORDERS says. Files in CRASH_FOLDER remember where it died already. */
const env = process.env;
const orders = JSON.parse(env['CRASH_ORDERS'] ?? '{}') as Orders;
const taskQueue = env['FEDCTL_TASK_QUEUE'] ?? '';
/** ms; a dead worker is noticed sooner than by default, and beats more often than its activities do. */
const timing = { heartbeatMs: 4_000, beatMs: 1_000 };
/** ms; a step that dies a dozen deaths needs more patience than one that never does. */
const patienceMs = 900_000;

type Activity = (call: StepCall) => Promise<unknown>;

function noticedSooner(result: unknown): unknown {
  const { graph } = (result as { facts: { graph: FrozenGraph } }).facts;
  for (const step of [...graph.steps, ...(graph.clusters?.template ?? [])]) {
    step.timing.heartbeatMs = timing.heartbeatMs;
    step.timing.patienceMs = Math.max(step.timing.patienceMs, patienceMs);
    delete step.timing.attempts;
  }
  return result;
}

/** Deaths lie between what Temporal calls an attempt and what the activity does. */
function activityOf(name: string, act: Activity, mortality: Mortality): Activity {
  const mortal = mortality.mortal(act);
  return async (call) => {
    const { beat } = currentContext();
    const timer = setInterval(beat, timing.beatMs);
    try {
      const result = await mortal(call);
      return name === 'planSteps' ? noticedSooner(result) : result;
    } finally {
      clearInterval(timer);
    }
  };
}

const mortality = new Mortality(orders, env['CRASH_FOLDER'] ?? '', env['CRASH_FEDERATION'] ?? '');
watchWorld(mortality);
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
  Object.entries(createActivities(deps)).map(([name, act]) => [
    name,
    activityOf(name, act as unknown as Activity, mortality),
  ]),
);
const common = {
  connection,
  namespace,
  activities,
  maxHeartbeatThrottleInterval: 1_000,
  defaultHeartbeatThrottleInterval: 1_000,
  // What was on its way to the dead one soon goes to its successor.
  stickyQueueScheduleToStartTimeout: 2_000,
  maxConcurrentWorkflowTaskPolls: 2,
  maxConcurrentActivityTaskPolls: 2,
};
// Only a turn-up builds images.
const serve = orders.operation === 'up' ? 'all' : 'runs';
const polling = pollingOf({ taskQueue, serve, builder: await builderId(env['FEDCTL_STATE'] ?? '') }, codePath);
const workers = await Promise.all(polling.map((options) => Worker.create({ ...common, ...options })));
process.stderr.write('worker ready\n');
await Promise.all(workers.map((worker) => worker.run()));
