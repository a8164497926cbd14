import { WorkflowNotFoundError } from '@temporalio/client';
import type { HostRef } from '../plan/call.ts';
import { freezeTemplate } from '../plan/graph.ts';
import { leavingTemplate, stepsOfDebt } from '../plan/leaving.ts';
import { expandTemplate } from '../plan/refs.ts';
import { debtWorkflowIdOf, workflowIdOf, type DebtInput } from '../run/input.ts';
import { cancelUpdate } from '../run/messages.ts';
import type { ClusterSpec, Spec } from '../spec/schema.ts';
import type { Temporal } from './client.ts';
import { refusal } from './exit.ts';
import type { Io } from './io.ts';
import { taskQueueOf, whoAmI } from './start-run.ts';
import type { StatusDebt } from './status-model.ts';

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

/**
 * Closes a debt: nothing is cleaned up in the member, and the record no longer waits for it. Works too when Temporal
 * has lost the debt. Answers a sentence. Throws refusal (exit 7) when nothing is owed there.
 */
export async function forgetDebt(
  io: Io,
  temporal: Temporal,
  asked: { federation: string; member: string; host: HostRef },
): Promise<string> {
  const { federation, member, host } = asked;
  const id = debtWorkflowIdOf(federation, member);
  try {
    await temporal.client.workflow.getHandle(id).executeUpdate(cancelUpdate, { args: [{ by: whoAmI() }] });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    await startForgetting(io, temporal, { federation, member, host });
  }
  await temporal.client.workflow.getHandle(id).result();
  return `the debt of ${member} is closed; what fedctl made there stays there`;
}

async function startForgetting(
  io: Io,
  temporal: Temporal,
  { federation, member, host }: { federation: string; member: string; host: HostRef },
): Promise<void> {
  const { openLocal } = await import('../../worker/local.ts');
  const record = await openLocal(io.env).record(host);
  const note = record?.federation === federation ? record.debts[member] : undefined;
  if (!record || !note) throw refusal(`nothing is owed in ${member}`, [`see what is: fedctl status ${federation}`]);
  const spec = record.spec as Spec;
  const { context, kubeconfig } = note;
  const known = [...record.members, ...spec.clusters].find(({ name }) => name === member);
  const cluster = { ...known, name: member, context, ...(kubeconfig ? { kubeconfig } : {}) } as ClusterSpec;
  const { policy } = spec;
  const input: DebtInput = {
    run: {
      operation: 'down',
      federation,
      uuid: record.uuid,
      startedBy: whoAmI(),
      host,
      digest: record.digest,
      debt: true,
    },
    uuid: record.uuid,
    firstRunId: '',
    member: cluster,
    ...stepsOfDebt(expandTemplate(leavingTemplate(freezeTemplate(spec), { volumes: 'keep' }), cluster)),
    entries: [],
    blockedForMs: policy.blockedFor,
    slowEveryMs: 60_000,
    forget: true,
  };
  await temporal.client.workflow.start('memberDebt', {
    workflowId: debtWorkflowIdOf(federation, member),
    taskQueue: taskQueueOf(io.env),
    args: [input],
    memo: { operation: 'debt', cluster: member, since: note.since, objects: note.objects, host },
  });
}
