import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type WorkflowHandle,
} from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { Temporal } from '../../temporal/client.ts';
import { CliError, exit, refusal } from '../io/exit.ts';

/** How long a worker has to take an Update, ms; after that it is left as a signal. */
const updateMs = 5_000;

/** ms between two looks whether a run has ended. */
const endLookMs = 300;

/** An operator's message in its two forms: an Update that answers, a signal that waits for a worker. */
export interface Message<Request> {
  update: UpdateDefinition<string, [Request]>;
  signal: SignalDefinition<[Request]>;
}

/**
 * Sends a message to the run that owns it and answers what the run says.
 * Without a worker it leaves the signal and says so. Throws refusal (exit 7) with the run's own words, or CliError
 * (exit 1) when no run of this id is open.
 */
export async function send<Request>(
  temporal: Temporal,
  workflowId: string,
  message: Message<Request>,
  request: Request,
  withinMs = updateMs,
): Promise<string> {
  return (await deliver(temporal, workflowId, message, request, withinMs)).said;
}

/** As `send`; also tells whether a worker took the message (else it is left as a signal). */
export async function deliver<Request>(
  temporal: Temporal,
  workflowId: string,
  message: Message<Request>,
  request: Request,
  withinMs = updateMs,
): Promise<{ said: string; taken: boolean }> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  try {
    const said = await temporal.connection.withDeadline(Date.now() + withinMs, () =>
      handle.executeUpdate(message.update, { args: [request] }),
    );
    return { said, taken: true };
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw refusal(error.cause?.message ?? error.message);
    if (error instanceof WorkflowNotFoundError) throw await notOpen(handle);
    if (!isTimeout(error)) throw error;
    return { said: await leaveSignal(handle, message, request), taken: false };
  }
}

/** Waits for the end of a run, however it ends. Returns false when it is open after that time. */
export async function hasEnded(
  temporal: Temporal,
  workflowId: string,
  runId: string | undefined,
  withinMs: number,
): Promise<boolean> {
  const handle = temporal.client.workflow.getHandle(workflowId, runId);
  for (const deadline = Date.now() + withinMs; ; await sleep(endLookMs)) {
    if ((await handle.describe()).status.name !== 'RUNNING') return true;
    if (Date.now() > deadline) return false;
  }
}

const isTimeout = (error: unknown): boolean =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
  (error instanceof Error && /DEADLINE_EXCEEDED|deadline/i.test(error.message));

async function leaveSignal<Request>(
  handle: WorkflowHandle,
  message: Message<Request>,
  request: Request,
): Promise<string> {
  try {
    await handle.signal(message.signal, request);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw await notOpen(handle);
    throw error;
  }
  return 'no worker answered; the request was sent as a signal and is handled when a worker runs (fedctl worker)';
}

/** What became of the run, and how to go on: a closed run takes no messages. */
async function notOpen(handle: WorkflowHandle): Promise<CliError> {
  const name = handle.workflowId.replace(/^federation\//, '').replace(/\/.*$/, '');
  const waysOn = [
    `resume it: fedctl up -f FILE`,
    `remove it: fedctl down ${name}`,
    `see its state: fedctl status ${name}`,
  ];
  try {
    const { status, closeTime, memo } = await handle.describe();
    const operation = typeof memo?.['operation'] === 'string' ? ` of ${memo['operation']}` : '';
    const when = closeTime ? ` at ${closeTime.toISOString()}` : '';
    return new CliError(
      exit.failed,
      `the last run${operation} of ${name} is ${status.name.toLowerCase()}${when}`,
      waysOn,
    );
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return new CliError(exit.failed, `Temporal knows no run ${handle.workflowId}`, waysOn);
  }
}
