import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { stepErrorOf } from '../../errors/step-error.ts';
import { fixOfError } from '../../distributions/fix.ts';
import { distributionOf } from '../../distributions/table.ts';
import { freezeUp, told } from '../../graph/freeze.ts';
import { joinReference } from '../../images/reference.ts';
import { type ImageValues, imageValues } from '../../images/values-yaml.ts';
import {
  type ImagesGoal,
  type ImagesInput,
  type ImagesResult,
  imagesSteps,
  imagesWorkflowIdOf,
} from '../../run/images.ts';
import { imageSourcesOf } from '../../spec/image-sources.ts';
import type { Spec } from '../../spec/schema.ts';
import { connectTemporal, type Temporal } from '../../temporal/client.ts';
import type { Output } from '../io/command.ts';
import { printDocument } from '../io/document.ts';
import { CliError, exit, refusal, type ExitCode } from '../io/exit.ts';
import { watchWorkers } from './follow-workers.ts';
import { interruption } from '../io/interruption.ts';
import type { Io } from '../io/io.ts';
import { observeRun, type ObservedRun } from '../reads/observe.ts';
import { assertValues, tellValues } from './operator-files.ts';
import type { SpecFile } from '../files/spec-file.ts';
import { taskQueueOf } from '../../temporal/task-queue.ts';
import { whoAmI } from '../io/who-am-i.ts';
import { valuesPath } from '../files/values-file.ts';

/** ms between looks at what the worker says. */
const everyMs = 1_000;

/** What a run of images is started with: the frozen steps of the goal, which carry their part of the spec. */
export const imagesInput = (file: SpecFile, goal: ImagesGoal): ImagesInput => {
  const { federation, host, digest, spec } = file;
  const { steps } = freezeUp(spec);
  const chosen = imagesSteps[goal].map((id) => steps.find((step) => step.id === id));
  const given = chosen.filter((step) => step !== undefined);
  return { goal, federation, host, digest, startedBy: whoAmI(), steps: given, ...told(spec) };
};

/** The four values of what was pushed; undefined when nothing was. */
export function pushedValues(spec: Spec, result: Pick<ImagesResult, 'facts'>) {
  const { build } = imageSourcesOf(spec);
  const tag = result.facts['images/push'] && result.facts['images/build']?.['tag'];
  if (typeof tag !== 'string' || !build) return undefined;
  const { registry } = build.push;
  const pushed = distributionOf(spec)
    .images(spec)
    .flatMap(({ key, builtAs: name }) =>
      name === undefined ? [] : [[key, joinReference({ registry, name, version: tag })]],
    );
  return imageValues(Object.fromEntries(pushed) as Record<string, string>);
}

/** Builds, or builds and pushes, by a workflow of its own, and follows it. Throws CliError when it fails. */
export async function runImages(
  io: Io,
  file: SpecFile,
  goal: ImagesGoal,
  options: { output: Output; detach: boolean },
): Promise<ExitCode> {
  if (goal === 'push') await assertValues(io, file.spec);
  const temporal = await connectTemporal(io.env);
  const handle = await start(io, temporal, file, goal);
  if (options.detach) {
    io.result(handle.workflowId);
    return exit.done;
  }
  const result = await follow(io, temporal, handle);
  if (result === 'detached') {
    io.note(`it goes on by itself; follow it: fedctl images ${goal} -f FILE`);
    return exit.detached;
  }
  await tell(io, file.spec, result, options.output);
  return exit.done;
}

/** What was done, values.yaml, and the result: the image pinned, or of a build alone its id. */
async function tell(io: Io, spec: Spec, result: ImagesResult, output: Output): Promise<void> {
  for (const { id, outcome, note } of result.steps) io.note(`${id}: ${outcome}${note ? `, ${note}` : ''}`);
  const values = pushedValues(spec, result);
  if (values) io.note(await lineOfValues(io, values));
  const { reference = null, digest = null } = result.facts['images/push'] ?? {};
  const { imageId = null, tag = null } = result.facts['images/build'] ?? {};
  await printDocument(io, output, { reference, digest, imageId, tag, values: values ?? null }, () => [
    reference === null ? String(imageId) : `${String(reference)}@${String(digest)}`,
  ]);
}

async function lineOfValues(io: Io, values: ImageValues): Promise<string> {
  const path = valuesPath(io.env);
  return path === undefined
    ? 'note: FEDERATION_OUTPUT_ROOT is not set, so no values.yaml was written'
    : tellValues(path, values);
}

async function start(io: Io, temporal: Temporal, file: SpecFile, goal: ImagesGoal): Promise<WorkflowHandle> {
  const workflowId = imagesWorkflowIdOf(file.federation);
  const key = `${goal} ${file.digest}`;
  try {
    const handle = await temporal.client.workflow.start('imagesRun', {
      workflowId,
      taskQueue: taskQueueOf(io.env),
      args: [imagesInput(file, goal)],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: { operation: key },
      staticSummary: `images ${goal} ${file.federation}`,
      staticDetails: `fedctl images ${goal} for **${file.federation}**, started by ${whoAmI()}; again it goes on from what was built`,
    });
    io.note(`run ${workflowId} started`);
    return handle;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const open = await observeRun(temporal, workflowId);
    if (open?.memo.operation !== key)
      throw refusal(`${workflowId} is open with another spec or goal (${open?.memo.operation?.split(' ')[0] ?? '?'})`, [
        'wait for its end, or end it: fedctl images cancel -f FILE',
      ]);
    io.note(`run ${workflowId} is open with the same spec: attached to it`);
    return temporal.client.workflow.getHandle(workflowId, open.runId);
  }
}

/** Asks the open run of images to end, and waits for its end. Throws CliError (7) when none is open. */
export async function cancelImages(io: Io, federation: string): Promise<ExitCode> {
  const temporal = await connectTemporal(io.env);
  const workflowId = imagesWorkflowIdOf(federation);
  const open = await observeRun(temporal, workflowId);
  if (open?.execution !== 'RUNNING')
    throw refusal(`no run ${workflowId} is open`, ['start one: fedctl images build -f FILE']);
  const handle = temporal.client.workflow.getHandle(workflowId, open.runId);
  await handle.cancel();
  const ended = await handle.result().then(
    () => 'it had ended before',
    (error: unknown) => (failureOf(error) as Error).message,
  );
  io.note(`${workflowId}: ${ended}`);
  return exit.done;
}

/** Says what the worker says until the run ends. Ctrl-C leaves it running. */
async function follow(io: Io, temporal: Temporal, handle: WorkflowHandle): Promise<ImagesResult | 'detached'> {
  const stop = interruption(['SIGINT']);
  const ended = (handle.result() as Promise<ImagesResult>).catch((error: unknown) => {
    throw failureOf(error);
  });
  const over = ended.then(
    () => true,
    () => true,
  );
  const missing = watchWorkers(temporal, taskQueueOf(io.env), (text) => io.note(text));
  let last = '';
  for (;;) {
    const tick = sleep(everyMs, false, { signal: stop }).catch(() => false);
    if (await Promise.race([over, tick])) return ended;
    if (stop.aborted) return 'detached';
    const seen = await observeRun(temporal, handle.workflowId).catch(() => undefined);
    if (!seen) continue;
    const text = linesOf(seen).join('\n');
    if (text !== last && text !== '') io.note(text);
    last = text;
    // This run answers no queries; between two activities of a run that is served there is no time to speak of.
    await missing({ silent: seen.activities.length === 0, activities: seen.activities });
  }
}

const linesOf = ({ activities }: Pick<ObservedRun, 'activities'>): string[] =>
  activities.map(({ activityId, attempt, detail, error }) =>
    [
      `${activityId}${attempt > 1 ? ` (attempt ${attempt})` : ''}`,
      detail?.split('\n').at(-1) || error?.message.split('\n')[0],
    ]
      .filter(Boolean)
      .join(': '),
  );

/** What a workflow's failure says to people, with the fix of its code. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const cause = error.cause instanceof ActivityFailure ? error.cause.cause : error.cause;
  if (cause instanceof CancelledFailure) return new CliError(exit.declined, 'the run was cancelled');
  if (!(cause instanceof ApplicationFailure)) return new CliError(exit.failed, cause?.message ?? error.message);
  const { code, message, data } = stepErrorOf(cause);
  return new CliError(exit.failed, message, fixOfError({ code, data }), { code, data });
}
