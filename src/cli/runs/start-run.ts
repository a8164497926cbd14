import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { framed } from '../../run/details.ts';
import { workflowIdOf, type Operation, type RunInput } from '../../run/input.ts';
import { searchAttributes } from '../../run/search-attributes.ts';
import type { Temporal } from '../../temporal/client.ts';
import { taskQueueOf } from '../../temporal/task-queue.ts';
import type { Output } from '../io/command.ts';
import { exit, type CliError, type ExitCode } from '../io/exit.ts';
import { interruption } from '../io/interruption.ts';
import type { Io } from '../io/io.ts';
import type { RunOptions } from '../io/run-flags.ts';
import type { RunMemo } from '../reads/observe.ts';
import { searchAttributesRegistered } from '../reads/search-attributes.ts';
import { printFollowed } from '../views/status-document.ts';
import type { KnownOutputs } from '../views/merge-status.ts';
import type { StatusModel } from '../views/status-model.ts';
import { follow, type Followed } from './follow.ts';
import { attach, cancelOpen, flagsOf, type StartedRun } from './open-run.ts';
import { closingLines, linkLine } from './tell.ts';

/** Workflow types: functions of workflows/federation.ts. */
const workflowTypes: Record<Operation, string> = {
  up: 'federationUp',
  down: 'federationDown',
  join: 'federationJoin',
  unjoin: 'federationUnjoin',
};

/** A run as one command wants it; all else is the same for every command. */
export interface WantedRun {
  input: RunInput;
  memo: RunMemo;
  /** What it has in common with an open run that is attached to: `with the same spec`. */
  alike?: string;
  /** Said after `--detach`. */
  detached?: string;
  /** What the run itself may not tell. */
  known?: KnownOutputs;
  /** What the document of `-o json` has beside the status. */
  also?: (model: StatusModel) => { changed?: boolean };
  /** Does and says what follows a good end. Returns what was in the way of that, to be thrown at the very end. */
  atGoodEnd: (followed: Followed) => Promise<CliError | void>;
}

/**
 * Starts a run, or attaches to the open one, and follows it to its end: the whole way of `up`, `down`, `join` and
 * `unjoin`, once the command knows what it wants. Throws refusal (exit 7) that names what another open run is.
 */
export async function startAndFollow(
  io: Io,
  temporal: Temporal,
  wanted: WantedRun,
  { output, detach, timeoutMs, cancelFirst }: RunOptions,
): Promise<ExitCode> {
  const { input, memo, alike } = wanted;
  const taskQueue = taskQueueOf(io.env);
  const { workflowId, runId, fresh } = await startRun(temporal, input, memo, { taskQueue, cancelFirst });
  io.note(fresh ? `run ${workflowId} started` : `run ${workflowId} is open${alike ? ` ${alike}` : ''}: attached to it`);
  for (const line of linkLine(temporal, workflowId, runId)) io.note(line);
  if (detach) {
    io.result(workflowId);
    if (wanted.detached !== undefined) io.note(wanted.detached);
    return exit.done;
  }
  return followToEnd(io, temporal, { ...wanted, federation: input.federation, output, timeoutMs });
}

/** A run that is followed, and what is said of its end. */
export interface FollowedRun extends Pick<WantedRun, 'known' | 'also'> {
  federation: string;
  output: Output;
  timeoutMs?: RunOptions['timeoutMs'];
  atGoodEnd?: WantedRun['atGoodEnd'];
}

/**
 * Follows the run of a federation until it ends, blocks, times out or the person detaches; then says what it came
 * to. Returns the exit code of that.
 */
export async function followToEnd(
  io: Io,
  temporal: Temporal,
  { federation, known = {}, output, timeoutMs, also, atGoodEnd }: FollowedRun,
): Promise<ExitCode> {
  const [workflowId, taskQueue] = [workflowIdOf(federation), taskQueueOf(io.env)];
  const detach = interruption(['SIGINT']);
  const followed = await follow(io, { temporal, workflowId, taskQueue, known, output, timeoutMs, detach });
  for (const line of closingLines(io, federation, followed)) io.note(line);
  const failed = followed.code === exit.done ? await atGoodEnd?.(followed) : undefined;
  await printFollowed(io, output, followed.model, followed.model && also?.(followed.model));
  if (failed) throw failed;
  return followed.code;
}

/**
 * Starts a run, or attaches to the open one of the same operation and digest. The workflow's id is the lock.
 * Throws refusal (exit 7) that names what an open run of another kind or digest is.
 */
export async function startRun(
  temporal: Temporal,
  input: RunInput,
  memo: RunMemo,
  options: { taskQueue: string; cancelFirst?: boolean },
): Promise<StartedRun> {
  const workflowId = workflowIdOf(input.federation);
  if (options.cancelFirst) await cancelOpen(temporal, workflowId, input.startedBy);
  try {
    const handle = await start(temporal, workflowId, input, memo, options.taskQueue);
    return { workflowId, runId: handle.firstExecutionRunId, fresh: true };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return attach(temporal, workflowId, input);
  }
}

async function start(temporal: Temporal, workflowId: string, input: RunInput, memo: RunMemo, taskQueue: string) {
  const known = await searchAttributesRegistered(temporal);
  const { federation, operation } = input;
  return temporal.client.workflow.start(workflowTypes[operation], {
    workflowId,
    taskQueue,
    args: [{ ...input, searchAttributes: known }],
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    memo: { ...memo, operation, digest: input.digest, flags: flagsOf(input) },
    staticSummary: `${operation} ${federation}`,
    staticDetails: details(input),
    ...(known
      ? {
          typedSearchAttributes: [
            { key: searchAttributes.federation, value: federation },
            { key: searchAttributes.status, value: 'running' },
          ],
        }
      : {}),
  });
}

const details = ({ federation, operation, host, startedBy, digest }: RunInput): string =>
  framed(
    [
      `fedctl ${operation} **${federation}**, started by ${startedBy}`,
      '',
      `| | |\n| --- | --- |\n| host cluster | ${host.context} |\n| namespace | ${host.namespace} |\n| digest of the spec | ${digest.slice(0, 19)} |`,
      '',
      `In a terminal: \`fedctl status ${federation} --watch\``,
    ].join('\n'),
  );
