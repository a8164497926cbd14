import {
  CancellationScope,
  ChildWorkflowCancellationType,
  executeChild,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  sleep,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { planOfMember } from '../src/catalogue/planned.ts';
import type { ClusterSpec } from '../src/spec/schema.ts';
import { framed } from '../src/run/details.ts';
import { type MemberInput, memberWorkflowIdOf } from '../src/run/input.ts';
import type { memberJoin } from './index.ts';
import type { Run } from './run.ts';
import { searchAttributes } from '../src/run/search-attributes.ts';

/** How long to wait before looking again for the end of an older child of the same member, ms. */
const olderChildEveryMs = 5_000;

function inputFor(run: Run, member: ClusterSpec): MemberInput {
  const { leaving, template: own = [] } = run.graph.clusters ?? {};
  const template = leaving?.names.includes(member.name) ? leaving.template : own;
  const { blockedForMs, slowEveryMs } = run.graph;
  const { plan, ...input } = run.input;
  return {
    run: {
      ...input,
      ...(plan ? { plan: planOfMember(plan, member.name) } : {}),
      ...(run.state.rollingBack ? { rollback: true } : {}),
    },
    uuid: run.state.uuid,
    firstRunId: run.firstRunId,
    member,
    template,
    blockedForMs,
    slowEveryMs,
  };
}

function leavesIn(run: Run, name: string): boolean {
  const { leaves = false, leaving } = run.graph.clusters ?? {};
  return leaves || leaving?.names.includes(name) === true;
}

/** Runs one member's steps in a child workflow of its own. Its end, good or bad, is a value: siblings go on. */
export async function runMember(run: Run, name: string): Promise<void> {
  const member = run.graph.clusters?.members.find((entry) => entry.name === name);
  if (!member) throw new Error(`no member ${name} in this run`);
  run.apply({ type: 'cluster', name, status: 'joining', blockedStep: null });
  const joins = !leavesIn(run, name);
  try {
    await executeMember(run, member, joins ? 'memberJoin' : 'memberUnjoin');
    run.apply({ type: 'cluster', name, status: joins ? 'ready' : 'unjoined', blockedStep: null });
  } catch (error) {
    // A member that was cancelled alone is a member that failed; a run of before took it for its own end.
    const ownEnd = CancellationScope.current().consideredCancelled;
    if (isCancellation(error) && (ownEnd || !patched('cancelled-member-fails'))) throw error;
    log.warn('a member failed', { member: name, error: String(error) });
    const blockedStep = run.state.clusters[name]?.blockedStep ?? null;
    run.apply({ type: 'cluster', name, status: 'failed', blockedStep });
  }
}

/** Static details of a run about one member, Markdown. */
export const memberDetails = (federation: string, { name, context }: ClusterSpec, what: string): string =>
  framed(
    [
      `Member **${name}** of federation **${federation}** ${what}`,
      '',
      `| | |\n| --- | --- |\n| context | ${context} |`,
      '',
      `In a terminal: \`fedctl status ${federation} --watch\``,
    ].join('\n'),
  );

async function executeMember(run: Run, member: ClusterSpec, type: 'memberJoin' | 'memberUnjoin'): Promise<void> {
  const { federation, searchAttributes: known } = run.input;
  for (;;) {
    try {
      await executeChild<typeof memberJoin>(type, {
        workflowId: memberWorkflowIdOf(federation, member.name),
        args: [inputFor(run, member)],
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        // A parent that was terminated asks its children to end: the next run waits for them.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `${type === 'memberJoin' ? 'Join' : 'Unjoin'} ${member.name}`,
        staticDetails: memberDetails(federation, member, type === 'memberJoin' ? 'joins' : 'leaves'),
        ...(known ? { typedSearchAttributes: [{ key: searchAttributes.federation, value: federation }] } : {}),
      });
      return;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await sleep(olderChildEveryMs, { summary: `waits for the end of an older run of ${member.name}` });
    }
  }
}
