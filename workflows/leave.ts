import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { FrozenStep } from '../src/plan/frozen.ts';
import { lookActivity, openDebtActivity, stepsOfDebt, stepsOfLeaving } from '../src/plan/leaving.ts';
import { debtWorkflowIdOf, type DebtInput, type MemberInput } from '../src/run/input.ts';
import type { memberDebt } from './index.ts';
import type { Run } from './run.ts';
import { runGraph } from './run-graph.ts';
import { searchAttributes } from './visibility.ts';

const alone = async (): Promise<void> => {};

/** Runs the undos of one member. What cannot be undone because the member does not answer becomes a debt. */
export async function leave(run: Run, input: MemberInput): Promise<void> {
  const { steps } = run.graph;
  const look = steps.find(({ activity }) => activity === lookActivity);
  if (!look) return runGraph(run, alone); // a rollback: it parks where the member does not answer
  await runSome(run, [look]);
  const { status } = run.state.steps[look.id] ?? {};
  if (status === 'failed') return;
  const reached = run.state.facts[look.id]?.['reached'] === true;
  if (!reached) await goIntoDebt(run, input, steps);
  run.graph = { ...run.graph, steps: stepsOfLeaving(steps, reached) };
  run.apply({ type: 'amended', steps: run.graph.steps, again: [], members: [] });
  await runGraph(run, alone);
}

async function runSome(run: Run, steps: FrozenStep[]): Promise<void> {
  const whole = run.graph;
  run.graph = { ...whole, steps };
  await runGraph(run, alone);
  run.graph = whole;
}

/** The debt stands in the record before its workflow is started: neither can be lost. */
async function goIntoDebt(run: Run, input: MemberInput, steps: FrozenStep[]): Promise<void> {
  const note = steps.find(({ activity }) => activity === openDebtActivity);
  if (!note) return;
  await runSome(run, [note]);
  const facts = run.state.facts[note.id];
  if (!facts) return; // failed: so does the member
  const { blockedForMs, slowEveryMs } = run.graph;
  const { uuid, firstRunId, member } = { ...input, firstRunId: run.firstRunId };
  const debt: DebtInput = {
    run: { ...run.input, debt: true },
    uuid,
    firstRunId,
    member,
    ...stepsOfDebt(steps),
    entries: (facts['entries'] ?? []) as string[],
    blockedForMs,
    slowEveryMs,
  };
  await startDebt(run, debt);
}

async function startDebt(run: Run, debt: DebtInput): Promise<void> {
  const { federation, searchAttributes: known } = run.input;
  const { name } = debt.member;
  try {
    await startChild<typeof memberDebt>('memberDebt', {
      workflowId: debtWorkflowIdOf(federation, name),
      taskQueue: workflowInfo().taskQueue,
      args: [debt],
      // It outlives the turn-down that could not do it.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      memo: { operation: 'debt', cluster: name, since: run.now(), objects: debt.entries.length, host: run.input.host },
      staticSummary: `Clean up in ${name} when it answers again`,
      ...(known ? { typedSearchAttributes: [{ key: searchAttributes.federation, value: federation }] } : {}),
    });
  } catch (error) {
    // An open debt of this member does the same already.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
