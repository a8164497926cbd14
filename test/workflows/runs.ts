import { ServiceError, type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Temporal } from '../../src/temporal/client.ts';
import { type Operation, type RunInput, workflowIdOf } from '../../src/run/input.ts';
import { getRunStateQuery } from '../../src/run/messages.ts';
import type { RunState } from '../../src/run/state.ts';
import type { federationUp } from '../../workflows/index.ts';
import type { FakeWorld } from '../helpers/temporal/fake-activities.ts';
import { aSpec } from '../helpers/common/spec.ts';
import { withWorkers } from '../helpers/temporal/temporal.ts';

export type Handle = WorkflowHandle<typeof federationUp>;

let runs = 0;
/** Two members and DNS: every phase but images. */
export const aTestSpec = aSpec({ clusters: ['member-1', 'member-2'], dns: true });

/** Input of a run of a federation of its own. */
export function runInput(change: Partial<RunInput> = {}): RunInput {
  const host = { context: 'host', namespace: 'federation' };
  const federation = `f${++runs}-${process.pid}`;
  const base = { operation: 'up' as const, federation, uuid: 'proposed', startedBy: 'me@here', host, digest: 'd' };
  return { ...base, spec: aTestSpec, searchAttributes: true, ...change };
}

const types: Record<Operation, string> = {
  up: 'federationUp',
  down: 'federationDown',
  join: 'federationJoin',
  unjoin: 'federationUnjoin',
};

export const queueOf = (input: RunInput): string => `q-${input.federation}`;

/** Starts a run; its workers must poll the task queue. */
export const startRun = (env: TestWorkflowEnvironment, input: RunInput, taskQueue = queueOf(input)): Promise<Handle> =>
  env.client.workflow.start<typeof federationUp>(types[input.operation], {
    workflowId: workflowIdOf(input.federation),
    taskQueue,
    args: [input],
  });

/** Starts a run in the given world and lets `work` follow it. */
export const inRun = <T>(
  env: TestWorkflowEnvironment,
  world: FakeWorld,
  work: (handle: Handle, input: RunInput) => Promise<T>,
  {
    cached = 100,
    start = startRun,
    builder,
    ...change
  }: Partial<RunInput> & {
    cached?: number;
    builder?: string;
    start?: (env: TestWorkflowEnvironment, input: RunInput) => Promise<Handle>;
  } = {},
): Promise<T> => {
  const input = runInput(change);
  const options = { maxCachedWorkflows: cached, ...(builder ? { builder } : {}) };
  const act = async (): Promise<T> => work(await start(env, input), input);
  return withWorkers(env, queueOf(input), world.activities(), act, options);
};

/** Polls a run's state until it is as wanted; fails with the last state after that time, ms. */
export async function until(
  handle: Pick<Handle, 'query'>,
  wanted: (state: RunState) => boolean,
  withinMs = 240_000,
): Promise<RunState> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const late = Date.now() > deadline;
    // A server on a busy machine may not answer at once; the last answer counts.
    const state = await handle.query(getRunStateQuery).catch((error: unknown) => {
      if (late || !(error instanceof ServiceError)) throw error;
      return undefined;
    });
    if (state && wanted(state)) return state;
    if (late) throw new Error(`still ${state?.status}: ${JSON.stringify(state, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The server of an environment as the command line knows it. */
export const temporalOf = ({ client, connection }: TestWorkflowEnvironment): Temporal => ({
  client,
  connection: connection as Temporal['connection'],
  address: '',
  namespace: 'default',
  ui: null,
});

/** Looks until it is so; fails with what was waited for after 4 min, which is no measure of anything: machines are slow. */
export async function eventually(look: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadline = Date.now() + 240_000; !(await look());) {
    if (Date.now() > deadline) throw new Error(`not within 4 min: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The words with which a run ended; `completed` for a good end. */
export const endOf = (handle: Handle): Promise<string> =>
  handle.result().then(
    ({ status }) => status,
    (error: WorkflowFailedError) => error.cause?.message ?? error.message,
  );

/** The words with which an Update was refused, or `accepted`. */
export const refusalOf = (update: Promise<unknown>): Promise<string> =>
  update.then(
    () => 'accepted',
    (error: { cause?: Error; message: string }) => error.cause?.message ?? error.message,
  );
