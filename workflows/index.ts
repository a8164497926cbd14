import { CancellationScope } from '@temporalio/workflow';
import { expandTemplate } from '../src/plan/refs.ts';
import type { MemberInput, RunInput } from '../src/run/input.ts';
import { planned } from '../src/run/state.ts';
import { closing, runFederation, type RunResult } from './federation.ts';
import { setHandlers } from './handlers.ts';
import { Run } from './run.ts';
import { runGraph } from './run-graph.ts';

/** Turns up a federation, or brings a standing one to its spec. Workflow id: `federation/<name>`. */
export async function federationUp(input: RunInput): Promise<RunResult> {
  return runFederation(input);
}

/** Takes away what fedctl made, in reverse. Workflow id: `federation/<name>`. */
export async function federationDown(input: RunInput): Promise<RunResult> {
  return runFederation(input);
}

/** One member's steps of a turn-up. Workflow id: `federation/<name>/clusters/<member>`. */
export async function memberJoin(input: MemberInput): Promise<RunResult> {
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
  await closing(run, () => scope.run(() => runGraph(run, async () => {})));
  return { status: run.state.status, uuid: run.state.uuid };
}

/** One member's undos of a turn-down. Workflow id: `federation/<name>/clusters/<member>`. */
export async function memberUnjoin(input: MemberInput): Promise<RunResult> {
  return memberJoin(input);
}
