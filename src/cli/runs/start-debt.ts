import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { HostRef } from '../../catalogue/call.ts';
import { freezeTemplate, told } from '../../graph/freeze.ts';
import { leavingTemplate, stepsOfDebt } from '../../graph/leaving.ts';
import { expandTemplate } from '../../graph/refs.ts';
import { debtWorkflowIdOf, type DebtInput } from '../../run/input.ts';
import { searchAttributes } from '../../run/search-attributes.ts';
import type { ClusterSpec } from '../../spec/schema.ts';
import type { Temporal } from '../../temporal/client.ts';
import { whoAmI } from '../io/who-am-i.ts';
import { searchAttributesRegistered } from '../reads/search-attributes.ts';
import type { RecordFacts } from '../reads/status-record.ts';

/** What the record says of a federation that owes clean-up. */
export type OwingRecord = RecordFacts & {
  digest: string;
  members: ClusterSpec[];
  debts: Record<string, { since: string; objects: number; context: string; kubeconfig?: string }>;
};

/** What is owed where, and what to do about it. */
export interface Owed {
  federation: string;
  member: string;
  host: HostRef;
  /** Clean nothing up; only take the debt out of the record. */
  forget: boolean;
}

function inputOf(record: OwingRecord, { federation, member, host, forget }: Owed): DebtInput | undefined {
  const note = record.debts[member];
  const { spec } = record;
  if (!note || !spec) return undefined;
  const { context, kubeconfig } = note;
  const known = [...record.members, ...spec.clusters].find(({ name }) => name === member);
  const cluster = { ...known, name: member, context, ...(kubeconfig ? { kubeconfig } : {}) } as ClusterSpec;
  const { uuid, digest } = record;
  return {
    run: { operation: 'down', federation, uuid, startedBy: whoAmI(), host, digest, debt: true, ...told(spec) },
    uuid,
    firstRunId: '',
    member: cluster,
    ...stepsOfDebt(expandTemplate(leavingTemplate(freezeTemplate(spec), { volumes: 'keep' }), cluster)),
    entries: [],
    blockedForMs: spec.policy.blockedFor,
    slowEveryMs: 60_000,
    ...(forget ? { forget } : {}),
  };
}

/**
 * Starts the run of a debt that the record knows and Temporal does not: its run gave up after `policy.blockedFor`, or
 * was lost. Returns false when one is open already, or nothing is owed there.
 */
export async function startDebt(
  temporal: Temporal,
  record: OwingRecord,
  owed: Owed,
  taskQueue: string,
): Promise<boolean> {
  const input = inputOf(record, owed);
  const note = record.debts[owed.member];
  if (!input || !note) return false;
  const { federation, member, host, forget } = owed;
  const known = await searchAttributesRegistered(temporal);
  try {
    await temporal.client.workflow.start('memberDebt', {
      workflowId: debtWorkflowIdOf(federation, member),
      taskQueue,
      args: [{ ...input, run: { ...input.run, searchAttributes: known } }],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: { operation: 'debt', cluster: member, since: note.since, objects: note.objects, host },
      staticDetails: `Member **${member}** of federation **${federation}** owes clean-up since ${note.since}`,
      staticSummary: forget ? `Forget what is owed in ${member}` : `Clean up in ${member} when it can be reached again`,
      ...(known ? { typedSearchAttributes: [{ key: searchAttributes.federation, value: federation }] } : {}),
    });
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}
