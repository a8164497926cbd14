import { CancellationScope } from '@temporalio/workflow';
import { expandTemplate } from '../src/graph/refs.ts';
import type { DebtInput, MemberInput } from '../src/run/input.ts';
import { planned } from '../src/run/state.ts';
import { runDebt } from './debt.ts';
import { closing, type RunResult } from './federation.ts';
import { setHandlers } from './handlers.ts';
import { leave } from './leave.ts';
import { Run } from './run.ts';
import { runGraph } from './run-graph.ts';

export { federationDown, federationJoin, federationUnjoin, federationUp } from './federation.ts';
export { imagesRun } from './images.ts';

/** One member's steps of a turn-up. Workflow id: `federation/<name>/clusters/<member>`. */
export async function memberJoin(input: MemberInput): Promise<RunResult> {
  return runMemberSteps(input, (run) => runGraph(run, async () => {}));
}

/** One member's undos. Workflow id: `federation/<name>/clusters/<member>`. */
export async function memberUnjoin(input: MemberInput): Promise<RunResult> {
  return runMemberSteps(input, (run) => leave(run, input));
}

/** Clean-up owed by a member that could not be reached. Workflow id: `federation/<name>/debts/<member>`. */
export async function memberDebt(input: DebtInput): Promise<RunResult> {
  return runDebt(input);
}

async function runMemberSteps(input: MemberInput, work: (run: Run) => Promise<void>): Promise<RunResult> {
  const { name, context, kubeconfig } = input.member;
  const run = new Run(input.run, {
    uuid: input.uuid,
    firstRunId: input.firstRunId,
    member: { name, context, ...(kubeconfig ? { kubeconfig } : {}) },
  });
  const scope = new CancellationScope();
  setHandlers(run, () => scope.cancel());
  run.graph = {
    steps: expandTemplate(input.template, input.member),
    clusters: null,
    blockedForMs: input.blockedForMs,
    slowEveryMs: input.slowEveryMs,
  };
  run.apply(planned(run.graph, () => ''));
  await closing(run, () => scope.run(() => work(run)));
  return { status: run.state.status, uuid: run.state.uuid };
}
