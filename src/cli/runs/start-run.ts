import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { framed } from '../../run/details.ts';
import { workflowIdOf, type Operation, type RunInput } from '../../run/input.ts';
import { cancelSignal, cancelUpdate, getSpecQuery } from '../../run/messages.ts';
import { searchAttributes } from '../../run/search-attributes.ts';
import { diffSpecs, formatChange } from '../../spec/diff.ts';
import type { Temporal } from '../../temporal/client.ts';
import { refusal } from '../io/exit.ts';
import { observeRun, type RunMemo } from '../reads/observe.ts';
import { searchAttributesRegistered } from '../reads/search-attributes.ts';
import { deliver, hasEnded } from './send.ts';

/** Workflow types; functions of workflows/index.ts. */
const workflowTypes: Record<Operation, string> = {
  up: 'federationUp',
  down: 'federationDown',
  join: 'federationJoin',
  unjoin: 'federationUnjoin',
};

export interface StartedRun {
  workflowId: string;
  runId: string;
  /** False: an open run of the same operation and digest was found and is followed. */
  fresh: boolean;
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

/** Whether a run of this turn-up is open already, so that starting it would only attach to it. */
export async function isOpenWith(
  temporal: Temporal,
  { federation, digest }: { federation: string; digest: string },
): Promise<boolean> {
  const open = await observeRun(temporal, workflowIdOf(federation));
  return open?.execution === 'RUNNING' && open.memo.operation === 'up' && open.memo.digest === digest;
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

async function attach(temporal: Temporal, workflowId: string, input: RunInput): Promise<StartedRun> {
  const open = await observeRun(temporal, workflowId);
  if (!open) throw refusal(`a run of ${input.federation} was open a moment ago and is gone`, ['try again']);
  const { operation, digest, flags = [] } = open.memo;
  const missing = flagsOf(input).filter((flag) => !flags.includes(flag));
  const same = operation === input.operation && digest === input.digest;
  if (same && missing.length === 0) return { workflowId, runId: open.runId, fresh: false };
  if (same)
    throw refusal(`an open run of ${input.federation} was started without ${missing.join(' ')}`, [
      `end it, keep what stands, and start it with that: ${commandOf(input)} --cancel-first ${missing.join(' ')}`,
      `or follow it as it is: fedctl status ${input.federation} --watch`,
    ]);
  throw refusal(
    [lockedBy(input, open.memo), ...(await changesTo(temporal, workflowId, input))].join('\n'),
    waysOut(input, open.memo),
  );
}

/** Flags that change what a run may do; in its memo, so that nobody follows a run that may less than was asked. */
const flagsOf = ({ takeOver, takeOwnership, adopt, prune, plan }: RunInput): string[] => [
  ...(takeOver ? ['--take-over'] : []),
  ...(takeOwnership ? ['--take-ownership'] : []),
  ...(adopt ? ['--adopt'] : []),
  ...(prune ? ['--prune'] : []),
  ...(plan ? [`--plan (${shortDigest(plan.digest)})`] : []),
];

/** Most lines of a diff that a terminal wants to see. */
const diffLines = 20;

/** How the file differs from what the open run works on; nothing when no worker tells. */
async function changesTo(temporal: Temporal, workflowId: string, input: RunInput): Promise<string[]> {
  if (!input.spec) return [];
  const handle = temporal.client.workflow.getHandle(workflowId);
  const spec = await temporal.connection
    .withDeadline(Date.now() + 2_000, () => handle.query(getSpecQuery))
    .catch(() => null);
  if (!spec) return [];
  const changes = diffSpecs(spec, input.spec).map((change) => `  ${formatChange(change)}`);
  const more = changes.length - diffLines;
  return [...changes.slice(0, diffLines), ...(more > 0 ? [`  and ${more} more`] : [])];
}

/** What the open run is, compared with what was asked for. */
export function lockedBy(input: Pick<RunInput, 'federation' | 'operation' | 'digest'>, memo: RunMemo): string {
  const { operation = 'an unknown operation', digest = '' } = memo;
  if (operation !== input.operation)
    return `${input.federation} is locked: a run of ${operation} is open, ${input.operation} was asked for`;
  return `${input.federation} is locked: an open run works on another spec (${shortDigest(digest)}, this file is ${shortDigest(input.digest)})`;
}

const shortDigest = (digest: string): string => digest.replace('sha256:', '').slice(0, 12) || 'no digest';

const waysOut = ({ federation, operation }: RunInput, open: RunMemo): string[] => [
  `see it: fedctl status ${federation}`,
  ...(operation === 'up' && open.operation === 'up' ? ['give this file to the open run: fedctl retry -f FILE'] : []),
  `end it, keep what stands, and start this one: ${commandOf({ federation, operation })} --cancel-first`,
];

const commandOf = ({ federation, operation }: Pick<RunInput, 'federation' | 'operation'>): string =>
  operation === 'up' ? 'fedctl up -f FILE' : `fedctl ${operation} ${federation}`;

/** ms for a cancelled run to end: what works ends at its next heartbeat. */
const endMs = 120_000;

/** Throws refusal (exit 7) when the open run does not end: no worker is there to end it, or its work goes on. */
async function cancelOpen(temporal: Temporal, workflowId: string, by: string): Promise<void> {
  const open = await observeRun(temporal, workflowId);
  if (!open || open.execution !== 'RUNNING') return;
  const { taken } = await deliver(temporal, workflowId, { update: cancelUpdate, signal: cancelSignal }, { by });
  if (!taken)
    throw refusal('no worker answered for the open run; it is cancelled when a worker comes', [
      'start a worker: fedctl worker',
      'then the same command again',
    ]);
  if (!(await hasEnded(temporal, workflowId, open.runId, endMs)))
    throw refusal(`the open run is cancelled but has not ended in ${endMs / 1_000} s`, [
      'the same command again later',
    ]);
}
