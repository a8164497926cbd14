import { allSteps } from '../../distributions/steps.ts';
import { imagesQueueOf } from '../../run/input.ts';
import type { Temporal } from '../../temporal/client.ts';
import { formatDuration } from '../io/format.ts';
import type { PendingActivity } from '../views/status-model.ts';

/** A run, or a build in it, that nobody takes for this long makes us look for a worker, ms. */
const silentMs = 5_000;

/** TaskQueueType of the Temporal API. */
const [workflowTasks, activityTasks] = [1, 2] as const;

/** Steps of all distributions. */
const steps = allSteps();

/** What a follower sees of a run: whether a worker answers for it, and what is under way in it. */
export interface Seen {
  silent: boolean;
  activities: readonly PendingActivity[];
}

/** Says once that nobody serves a run, or the builds in it, after a while; and once that somebody came. */
export function watchWorkers(
  temporal: Temporal,
  taskQueue: string,
  note: (text: string) => void,
): (seen: Seen) => Promise<void> {
  const runs = telling(note, 'a worker answers: going on', async () => {
    const polled = await lastPolled(temporal, taskQueue, workflowTasks);
    const who =
      polled === undefined
        ? `no worker polls task queue ${taskQueue}`
        : `no worker answers; task queue ${taskQueue} was last polled ${formatDuration(polled)} ago`;
    return `${who} (Temporal at ${temporal.address}); the run waits. Start one: fedctl worker`;
  });
  const builds = telling(note, 'a worker that builds took it: going on', async () => {
    const queue = imagesQueueOf(taskQueue);
    const polled = await lastPolled(temporal, queue, activityTasks);
    // One that builds for another run does not ask for more meanwhile.
    const who =
      polled === undefined
        ? `no worker polls task queue ${queue}: none builds, or the one that does is busy`
        : `the build waits for a worker that is free; task queue ${queue} was last polled ${formatDuration(polled)} ago`;
    return `${who}. Start one: fedctl worker --serve images`;
  });
  return async ({ silent, activities }) => {
    await runs(silent);
    // Who does not answer cannot say what waits either.
    if (!silent) await builds(activities.some(isUntakenBuild));
  };
}

/** Whether any builder could take this and none has. A step that is bound to one builder knows by itself when that is away. */
function isUntakenBuild({ activityId, nextAttemptAt }: PendingActivity): boolean {
  const step = steps[activityId];
  return step?.queue === 'images' && nextAttemptAt !== null && Date.parse(nextAttemptAt) < Date.now();
}

/** Tells `complaint` once what it is told stays so for a while, and `relief` when that is over. */
function telling(note: (text: string) => void, relief: string, complaint: () => Promise<string>) {
  let since: number | undefined;
  let said = false;
  return async (bad: boolean): Promise<void> => {
    if (!bad) {
      if (said) note(relief);
      since = undefined;
      said = false;
      return;
    }
    since ??= Date.now();
    if (said || Date.now() - since < silentMs) return;
    said = true;
    note(await complaint());
  };
}

/** How long ago a worker last polled the task queue for such tasks, ms; undefined when none did for minutes. */
async function lastPolled(temporal: Temporal, taskQueue: string, taskQueueType: 1 | 2): Promise<number | undefined> {
  try {
    const answer = await temporal.connection.workflowService.describeTaskQueue({
      namespace: temporal.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType,
    });
    const times = (answer.pollers ?? []).map((poller) => Number(poller.lastAccessTime?.seconds ?? 0) * 1000);
    return times.length > 0 ? Date.now() - Math.max(...times) : undefined;
  } catch {
    return undefined;
  }
}
