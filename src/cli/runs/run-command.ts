import type { RunInput } from '../../run/input.ts';
import type { Temporal } from '../../temporal/client.ts';
import type { Output } from '../io/command.ts';
import { exit, type ExitCode } from '../io/exit.ts';
import { follow } from './follow.ts';
import { interruption } from '../io/interruption.ts';
import type { Io } from '../io/io.ts';
import { assertFree } from '../reads/lock.ts';
import type { RunMemo } from '../reads/observe.ts';
import { taskQueueOf } from '../../temporal/task-queue.ts';
import { startRun } from './start-run.ts';
import { printFollowed } from '../views/status-document.ts';
import { closingLines, linkLine } from './tell.ts';

/** How a person wants a run started and followed. */
export interface RunOptions {
  output: Output;
  detach?: boolean;
  timeoutMs?: number | undefined;
  cancelFirst?: boolean;
  /** What is said of a good end. */
  done: string;
}

/** Starts a run, or attaches to the open one, and follows it to its end. Throws refusal (exit 7) for a lock. */
export async function runCommand(
  io: Io,
  temporal: Temporal,
  input: RunInput,
  memo: RunMemo,
  options: RunOptions,
): Promise<ExitCode> {
  const { federation, host, takeOver = false } = input;
  await assertFree(io, temporal, { federation, host, takeOver });
  const taskQueue = taskQueueOf(io.env);
  const started = await startRun(temporal, input, memo, { taskQueue, cancelFirst: options.cancelFirst ?? false });
  io.note(started.fresh ? `run ${started.workflowId} started` : `run ${started.workflowId} is open: attached to it`);
  for (const line of linkLine(temporal, started.workflowId, started.runId)) io.note(line);
  if (options.detach) {
    io.result(started.workflowId);
    return exit.done;
  }
  const { output, timeoutMs } = options;
  const detach = interruption(['SIGINT']);
  const { workflowId } = started;
  const followed = await follow(io, { temporal, workflowId, taskQueue, known: {}, output, timeoutMs, detach });
  for (const line of closingLines(io, federation, followed)) io.note(line);
  if (followed.code === exit.done) io.note(options.done);
  await printFollowed(io, output, followed.model);
  return followed.code;
}
