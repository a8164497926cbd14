import type { RunInput } from '../../run/input.ts';
import { workflowIdOf } from '../../run/input.ts';
import { cancelSignal, cancelUpdate, getSpecQuery } from '../../run/messages.ts';
import { diffSpecs, formatChange } from '../../spec/diff.ts';
import type { Temporal } from '../../temporal/client.ts';
import { refusal } from '../io/exit.ts';
import { observeRun, type RunMemo } from '../reads/observe.ts';
import { deliver, hasEnded } from './send.ts';

export interface StartedRun {
  workflowId: string;
  runId: string;
  /** False: an open run of the same operation and digest was found and is followed. */
  fresh: boolean;
}

/** Whether a run of this turn-up is open already, so that starting it would only attach to it. */
export async function isOpenWith(
  temporal: Temporal,
  { federation, digest }: { federation: string; digest: string },
): Promise<boolean> {
  const open = await observeRun(temporal, workflowIdOf(federation));
  return open?.execution === 'RUNNING' && open.memo.operation === 'up' && open.memo.digest === digest;
}

/**
 * The open run of the same operation, digest and flags. Throws refusal (exit 7) that names what the open one is, how
 * its spec differs, and the ways out.
 */
export async function attach(temporal: Temporal, workflowId: string, input: RunInput): Promise<StartedRun> {
  const open = await observeRun(temporal, workflowId);
  if (!open) throw refusal(`a run of ${input.federation} was open a moment ago and is gone`, ['try again']);
  const { operation, digest, flags = [] } = open.memo;
  const missing = flagsOf(input).filter((flag) => !flags.includes(flag));
  const same = operation === input.operation && digest === input.digest;
  if (same && missing.length === 0) return { workflowId, runId: open.runId, fresh: false };
  if (same)
    throw refusal(`an open run of ${input.federation} was started without ${missing.join(' ')}`, [
      `cancel it, keep what it made, and start it with that: ${commandOf(input)} --cancel-first ${missing.join(' ')}`,
      `or follow it as it is: fedctl status ${input.federation} --watch`,
    ]);
  throw refusal(
    [lockedBy(input, open.memo), ...(await changesTo(temporal, workflowId, input))].join('\n'),
    waysOut(input, open.memo),
  );
}

/** Flags that change what a run may do; in its memo, so that nobody follows a run that may less than was asked. */
export const flagsOf = ({ takeOver, takeOwnership, adopt, prune, plan }: RunInput): string[] => [
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
function lockedBy(input: Pick<RunInput, 'federation' | 'operation' | 'digest'>, memo: RunMemo): string {
  const { operation = 'an unknown operation', digest = '' } = memo;
  if (operation !== input.operation)
    return `${input.federation} is locked: a run of ${operation} is open, ${input.operation} was asked for`;
  return `${input.federation} is locked: an open run works on another spec (${shortDigest(digest)}, this file is ${shortDigest(input.digest)})`;
}

const shortDigest = (digest: string): string => digest.replace('sha256:', '').slice(0, 12) || 'no digest';

const waysOut = ({ federation, operation }: RunInput, open: RunMemo): string[] => [
  `see it: fedctl status ${federation}`,
  ...(operation === 'up' && open.operation === 'up' ? ['give this file to the open run: fedctl retry -f FILE'] : []),
  `cancel it, keep what it made, and start this one: ${commandOf({ federation, operation })} --cancel-first`,
];

const commandOf = ({ federation, operation }: Pick<RunInput, 'federation' | 'operation'>): string =>
  operation === 'up' ? 'fedctl up -f FILE' : `fedctl ${operation} ${federation}`;

/** ms for a cancelled run to end: what works ends at its next heartbeat. */
const endMs = 120_000;

/** Cancels the open run, if there is one, and waits for its end. Throws refusal (exit 7) when the open run does not end: no worker is there to end it, or its work goes on. */
export async function cancelOpen(temporal: Temporal, workflowId: string, by: string): Promise<void> {
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
