import type { PlanQuestion } from '../src/catalogue/side-inputs.ts';
import type { FrozenGraph, FrozenStep } from '../src/graph/frozen.ts';
import { memberWorkflowIdOf, type RunInput } from '../src/run/input.ts';
import { planned } from '../src/run/state.ts';
import type { Run } from './run.ts';
import { runGraph } from './run-graph.ts';

/** Before there is a plan, and so a policy, there are these. ms. */
const beforePlan = { blockedForMs: 7 * 24 * 3_600_000, slowEveryMs: 60_000 };
const planTiming = { startToCloseMs: 60_000, heartbeatMs: 20_000, patienceMs: 90_000, waitMs: 0 };

const planOf = ({ operation, spec, down, join, unjoin, prune }: RunInput): PlanQuestion => ({
  operation,
  spec,
  down,
  join,
  unjoin,
  prune,
});

/** The step that makes the run's graph. */
export const planStep = (input: RunInput): FrozenStep => ({
  id: 'plan',
  phase: 'preflight',
  title: 'Plan the steps',
  done: 'Steps planned',
  activity: 'planSteps',
  needs: [],
  input: { spec: {}, facts: {}, plan: planOf(input) },
  timing: planTiming,
  skippable: false,
  repeat: 'repeatable',
});

/**
 * Has the steps of this run planned, by an activity, so that the answer stands in history: a changed catalogue never
 * breaks a run that is open. Returns false when planning failed or was cancelled.
 */
export async function plan(run: Run, input: RunInput): Promise<boolean> {
  run.graph = { steps: [planStep(input)], clusters: null, ...beforePlan };
  run.apply(planned(run.graph, () => ''));
  await runGraph(run, async () => {});
  const answer = run.state.facts['plan'] as unknown as { graph: FrozenGraph } | undefined;
  if (!answer) return false;
  run.graph = answer.graph;
  const { distribution } = answer.graph;
  if (distribution) run.input = { ...run.input, distribution };
  run.state = { ...run.state, facts: {} };
  run.apply(planned(run.graph, (member) => memberWorkflowIdOf(input.federation, member)));
  return true;
}
