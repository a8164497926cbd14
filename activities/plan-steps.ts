import type { StepCall, StepResult } from '../src/plan/call.ts';
import type { FrozenGraph } from '../src/plan/frozen.ts';
import { type DownChoices, freezeDown, freezeUp } from '../src/plan/graph.ts';
import type { Operation } from '../src/run/input.ts';
import type { Spec } from '../src/spec/schema.ts';
import type { Deps } from './deps.ts';
import { failure } from './fail.ts';
import { readRecord } from './record.ts';

/** What a plan is made of; see RunInput. */
export interface PlanInput {
  plan: { operation: Operation; spec?: Spec; down?: DownChoices };
}

/** The answer is no set of small facts but the run itself: it stands in history once, at the start. */
export type PlanResult = StepResult<{ graph: FrozenGraph; uuid: string }>;

/** ms between slow automatic attempts; tests set it low by this variable of the worker. */
const slowEvery = (env: NodeJS.ProcessEnv): { slowEveryMs?: number } => {
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
    const record = await readRecord(await deps.kube.forContext(call.run.host), call.run.host.namespace);
    if (!record || record.federation !== call.run.federation) {
      const found = record ? `; the record there is of ${record.federation}` : '';
      const where = `namespace ${call.run.host.namespace} of context ${call.run.host.context}`;
      throw failure('RECORD_NOT_FOUND', `no record of federation ${call.run.federation} in ${where}${found}`);
    }
    const graph = freezeDown(record.spec as Spec, down ?? { volumes: 'keep' }, options);
    return { outcome: 'done', facts: { graph, uuid: record.uuid } };
  },
});
