import {
  condition,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { FrozenStep } from '../src/graph/frozen.ts';
import { lookActivity, openDebtActivity, stepsOfDebt, stepsOfLeaving } from '../src/graph/leaving.ts';
import { debtWorkflowIdOf, type DebtInput, type MemberInput } from '../src/run/input.ts';
import { interrupt } from './amend.ts';
import { execute, stepError } from './execute.ts';
import type { memberDebt } from './index.ts';
import { memberDetails } from './members.ts';
import type { Run } from './run.ts';
import { runGraph } from './run-graph.ts';
import { searchAttributes } from '../src/run/search-attributes.ts';

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
  leaveOnly(run, stepsOfLeaving(steps, reached));
  // A run of before went on like this in both cases.
  if (!reached || !patched('debt-in-the-middle')) return runGraph(run, alone);
  if (!(await undoOrLose(run, steps, look))) return;
  await startDebtOf(run, input, steps);
}

function leaveOnly(run: Run, steps: FrozenStep[]): void {
  run.graph = { ...run.graph, steps };
  run.apply({ type: 'amended', steps, again: [], members: [] });
}

async function runSome(run: Run, steps: FrozenStep[]): Promise<void> {
  const whole = run.graph;
  run.graph = { ...whole, steps };
  await runGraph(run, alone);
  run.graph = whole;
}

/**
 * Undoes what a member holds that answered. Returns true when it went silent on the way: then what is in it is noted
 * as a debt, and the rest is undone.
 */
async function undoOrLose(run: Run, steps: FrozenStep[], look: FrozenStep): Promise<boolean> {
  const inMember = steps.filter((step) => step.inMember).map(({ id }) => id);
  let settled = false;
  const [undone, lost] = await Promise.allSettled([
    runGraph(run, alone).finally(() => {
      settled = true;
    }),
    watchMember(run, { steps, look, inMember }, () => settled),
  ]);
  if (undone.status === 'rejected') throw undone.reason;
  if (lost.status === 'rejected') throw lost.reason;
  if (lost.value) return true;
  // Nobody sees any more what a skipped undo leaves, but for the debt, when its member cannot be asked.
  const skipped = inMember.some((id) => run.state.steps[id]?.status === 'skipped');
  if (!skipped || (await answers(run, look))) return false;
  leaveOnly(run, stepsOfLeaving(steps, false));
  await runGraph(run, alone);
  return true;
}

interface Leaving {
  steps: FrozenStep[];
  look: FrozenStep;
  inMember: readonly string[];
}

/** Looks at the member whenever an undo in it parks. Returns true once it found it silent and left its undos out. */
async function watchMember(run: Run, { steps, look, inMember }: Leaving, settled: () => boolean): Promise<boolean> {
  const seen = new Set<string>();
  const parked = (): string[] =>
    inMember.flatMap((id) => {
      const step = run.state.steps[id];
      return step?.status === 'blocked' ? [`${id} ${step.blockedSince}`] : [];
    });
  const news = (): boolean => parked().some((park) => !seen.has(park));
  for (;;) {
    await condition(() => settled() || news());
    if (settled()) return false;
    for (const park of parked()) seen.add(park);
    if (await answers(run, look)) continue;
    if (settled()) return false;
    run.amending = true; // nothing starts in between
    try {
      await interrupt(run, inMember);
      leaveOnly(run, stepsOfLeaving(steps, false));
    } finally {
      run.amending = false;
      run.revision += 1;
    }
    return true;
  }
}

/** Whether the member answers now. When even that cannot be told, the parked undo stays what it is. */
async function answers(run: Run, look: FrozenStep): Promise<boolean> {
  const now = { ...look, id: `${look.id}-again`, timing: { ...look.timing, waitMs: 0 } };
  try {
    return (await execute(run, now, { parked: false })).facts['reached'] !== false;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('it is not known whether the member can be reached', { error: stepError(error).message });
    return true;
  }
}

/** The debt stands in the record before its workflow is started: neither can be lost. */
async function goIntoDebt(run: Run, input: MemberInput, steps: FrozenStep[]): Promise<void> {
  const note = steps.find(({ activity }) => activity === openDebtActivity);
  if (note) await runSome(run, [note]);
  await startDebtOf(run, input, steps);
}

async function startDebtOf(run: Run, input: MemberInput, steps: FrozenStep[]): Promise<void> {
  const note = steps.find(({ activity }) => activity === openDebtActivity);
  const facts = note && run.state.facts[note.id];
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
      staticSummary: `Clean up in ${name} when it can be reached again`,
      staticDetails: memberDetails(federation, debt.member, 'owes clean-up: it could not be reached while it left'),
      ...(known ? { typedSearchAttributes: [{ key: searchAttributes.federation, value: federation }] } : {}),
    });
  } catch (error) {
    // An open debt of this member does the same already.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
