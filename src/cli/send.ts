import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type WorkflowHandle,
} from '@temporalio/client';
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { Temporal } from './client.ts';
import { CliError, exit, refusal } from './exit.ts';

/** How long a worker has to take an Update, ms; after that it is left as a signal. */
const updateMs = 5_000;

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
  const handle = temporal.client.workflow.getHandle(workflowId);
  try {
    return await temporal.connection.withDeadline(Date.now() + withinMs, () =>
      handle.executeUpdate(message.update, { args: [request] }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw refusal(error.cause?.message ?? error.message);
    if (error instanceof WorkflowNotFoundError) throw await notOpen(handle);
    if (!isTimeout(error)) throw error;
    return leaveSignal(handle, message, request);
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
  return 'no worker answered; the message is left with the run and is taken when a worker comes (fedctl worker)';
}

/** What became of the run, and how to go on: a closed run takes no messages. */
async function notOpen(handle: WorkflowHandle): Promise<CliError> {
  const name = handle.workflowId.replace(/^federation\//, '').replace(/\/.*$/, '');
  const waysOn = [
    `go on where it ended: fedctl up -f FILE`,
    `take it away: fedctl down ${name}`,
    `see how it stands: fedctl status ${name}`,
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
