import type { StepCall, StepResult } from '../src/plan/call.ts';
import type { FrozenGraph } from '../src/plan/frozen.ts';
import { type DownChoices, freezeDown, type FreezeOptions, freezeUp } from '../src/plan/graph.ts';
import type { Operation } from '../src/run/input.ts';
import type { Spec } from '../src/spec/schema.ts';
import type { Deps } from './deps.ts';
import { failure } from './fail.ts';
import { acquire } from './owner.ts';
import { patchRecord, readRecord } from './record.ts';
import { inStep, type StepScope } from './step.ts';

/** What a plan is made of; see RunInput. */
export interface PlanInput {
  plan: { operation: Operation; spec?: Spec; down?: DownChoices };
}

/** The answer is no set of small facts but the run itself: it stands in history once, at the start. */
export type PlanResult = StepResult<{ graph: FrozenGraph; uuid: string }>;

/** ms between slow automatic attempts; tests set it low by this variable of the worker. */
const slowEvery = (env: NodeJS.ProcessEnv): FreezeOptions => {
  const ms = Number(env['FEDCTL_PARKED_RETRY_MS']);
  return Number.isFinite(ms) && ms > 0 ? { slowEveryMs: ms } : {};
};

/** A run's first activity: spec (or record) and catalogue become plain data. Throws RECORD_NOT_FOUND for a down of nothing. */
export const planActivities = (deps: Deps) => ({
  async planSteps(call: StepCall<PlanInput>): Promise<PlanResult> {
    const { operation, spec, down } = call.input.plan;
    const options = slowEvery(deps.env);
    if (operation === 'up') {
      if (!spec) throw failure('BUG', 'a turn-up was started without a spec');
      return { outcome: 'done', facts: { graph: freezeUp(spec, options), uuid: call.run.uuid } };
    }
    return inStep(deps, call, (scope) => planDown(scope, down ?? { volumes: 'keep' }, options));
  },
});

/** The record says what there is to take away; whoever takes it away must own it. */
async function planDown(scope: StepScope, choices: DownChoices, options: FreezeOptions): Promise<PlanResult> {
  const { federation, host } = scope.run;
  const record = await readRecord(scope.host, host.namespace);
  if (!record || record.federation !== federation) {
    const found = record ? `; the record there is of ${record.federation}` : '';
    throw failure(
      'RECORD_NOT_FOUND',
      `no record of federation ${federation} in namespace ${host.namespace} of context ${host.context}${found}`,
    );
  }
  const owned = { ...scope, run: { ...scope.run, uuid: record.uuid } };
  await acquire(owned);
  await patchRecord(owned, { phase: 'turning-down' });
  return { outcome: 'done', facts: { graph: freezeDown(record.spec as Spec, choices, options), uuid: record.uuid } };
}
