import { setTimeout as sleep } from 'node:timers/promises';
import type { HostRef } from '../../catalogue/call.ts';
import { debtWorkflowIdOf, workflowIdOf } from '../../run/input.ts';
import { cancelSignal, cancelUpdate } from '../../run/messages.ts';
import type { Temporal } from '../../temporal/client.ts';
import { CliError, exit, refusal } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { observeRun } from '../reads/observe.ts';
import { deliver, hasEnded } from './send.ts';
import { startDebt } from './start-debt.ts';
import { taskQueueOf } from '../../temporal/task-queue.ts';
import { whoAmI } from '../io/who-am-i.ts';
import type { StatusDebt } from '../views/status-model.ts';
import type { RecordFacts } from '../reads/status-record.ts';

/** Open debts of a federation as Temporal knows them, with the next automatic attempt. */
export async function openDebts(temporal: Temporal, federation: string): Promise<StatusDebt[]> {
  const found: StatusDebt[] = [];
  const query = `WorkflowId STARTS_WITH "${workflowIdOf(federation)}/debts/" AND ExecutionStatus = "Running"`;
  for await (const { workflowId } of temporal.client.workflow.list({ query })) {
    const { memo, raw, startTime } = await temporal.client.workflow.getHandle(workflowId).describe();
    const { cluster = '', since, objects } = (memo ?? {}) as { cluster?: string; since?: string; objects?: number };
    const next = raw.pendingActivities?.[0]?.nextAttemptScheduleTime;
    const at = next ? new Date(Number(next.seconds ?? 0) * 1_000 + (next.nanos ?? 0) / 1e6).toISOString() : null;
    found.push({ cluster, since: since ?? startTime.toISOString(), objects: objects ?? 0, nextAttemptAt: at });
  }
  return found.sort((a, b) => a.cluster.localeCompare(b.cluster));
}

/** Debts of the record beside those that are open: one whose run gave up or was lost is owed all the same. */
export function mergeDebts(open: readonly StatusDebt[], recorded: RecordFacts['debts'] = {}): StatusDebt[] {
  const known = new Set(open.map(({ cluster }) => cluster));
  const lost = Object.entries(recorded).flatMap(([cluster, { since, objects }]) =>
    known.has(cluster) ? [] : [{ cluster, since, objects, nextAttemptAt: null }],
  );
  return [...open, ...lost].sort((a, b) => a.cluster.localeCompare(b.cluster));
}

/** ms for the run of a debt to end once it is forgotten. */
const forgetMs = 30_000;

/**
 * Closes a debt: nothing is cleaned up in the member, and the record no longer waits for it. Works too when Temporal
 * has lost the debt. Returns a sentence. Throws refusal (exit 7) when nothing is owed there, CliError (exit 4) when no
 * worker closes it in time: it is closed when one comes.
 */
export async function forgetDebt(
  io: Io,
  temporal: Temporal,
  asked: { federation: string; member: string; host: HostRef },
): Promise<string> {
  const { federation, member, host } = asked;
  const id = debtWorkflowIdOf(federation, member);
  const open = await observeRun(temporal, id);
  let taken = true;
  if (open?.execution === 'RUNNING')
    ({ taken } = await deliver(temporal, id, { update: cancelUpdate, signal: cancelSignal }, { by: whoAmI() }));
  else await startForgetting(io, temporal, { federation, member, host });
  if (taken && (await hasEnded(temporal, id, undefined, forgetMs)))
    return `the debt of ${member} is closed; what fedctl made there stays there`;
  throw new CliError(exit.timedOut, `no worker answered; the debt of ${member} is closed when a worker comes`, [
    'start a worker: fedctl worker',
    `then see: fedctl status ${federation}`,
  ]);
}

async function startForgetting(
  io: Io,
  temporal: Temporal,
  { federation, member, host }: { federation: string; member: string; host: HostRef },
): Promise<void> {
  const { openLocal } = await import('../../../worker/local.ts');
  const record = await openLocal(io.env).record(host);
  if (record?.federation !== federation || !record.debts[member])
    throw refusal(`${member} has no open debt`, [`see what is: fedctl status ${federation}`]);
  await startDebt(temporal, record, { federation, member, host, forget: true }, taskQueueOf(io.env));
}

/** ms for the host to tell its record to a command that is about something else. */
const recordMs = 3_000;

/**
 * Starts every debt of the record that has no open run, so that none is lost for good. Returns a sentence for each.
 * A host that does not answer now is asked by the next command.
 */
export async function reopenDebts(
  io: Io,
  temporal: Temporal,
  { federation, host }: { federation: string; host: HostRef },
): Promise<string[]> {
  const { openLocal } = await import('../../../worker/local.ts');
  const asked = openLocal(io.env)
    .record(host)
    .catch(() => undefined);
  const record = await Promise.race([asked, sleep(recordMs, undefined, { ref: false })]);
  if (record?.federation !== federation) return [];
  const started: string[] = [];
  for (const member of Object.keys(record.debts).sort())
    if (await startDebt(temporal, record, { federation, member, host, forget: false }, taskQueueOf(io.env)))
      started.push(`retrying the clean-up of ${member}`);
  return started;
}
