import type { StepCall, StepResult } from '../../src/catalogue/call.ts';
import type { FrozenGraph, FrozenStep } from '../../src/graph/frozen.ts';
import { freezeDown, type FreezeOptions, freezeRest, freezeUp } from '../../src/graph/freeze.ts';
import { notUndone } from '../../src/graph/orphans.ts';
import { freezeJoin, freezeUnjoin, withPruned } from '../../src/graph/membership.ts';
import type { Operation, PlanQuestion, Taken } from '../../src/catalogue/side-inputs.ts';
import type { Spec } from '../../src/spec/schema.ts';
import type { Deps } from './deps.ts';
import { failure } from '../kit/fail.ts';
import { allEntries, sayEntry } from './ledger.ts';
import { leftNamespace } from './namespace.ts';
import { acquire } from './owner.ts';
import { type FederationRecord, patchRecord, readRecord } from './record.ts';
import { inStep, type StepScope } from './step.ts';

/** The answer is no set of small facts but the run itself: it stands in history once, at the start. */
export type PlanResult = StepResult<{ graph: FrozenGraph; uuid: string }>;

/** ms between slow automatic attempts; tests set it low by this variable of the worker. */
const slowEvery = (env: NodeJS.ProcessEnv): FreezeOptions => {
  const ms = Number(env['FEDCTL_PARKED_RETRY_MS']);
  return Number.isFinite(ms) && ms > 0 ? { slowEveryMs: ms } : {};
};

type Plan = (scope: StepScope, plan: PlanQuestion, options: FreezeOptions) => Promise<FrozenPlan>;
/** `uuid`: that of the record, where the run begins with it. */
interface FrozenPlan {
  graph: FrozenGraph;
  uuid: string;
}

const plans: Record<Operation, Plan> = { up: planUp, down: planDown, join: planJoin, unjoin: planUnjoin };

/**
 * A run's first activity: spec (or record) and catalogue become plain data. Throws RECORD_NOT_FOUND for a federation
 * that the host does not know, MEMBER_NOT_KNOWN, OWNED_ELSEWHERE.
 */
export const planActivities = (deps: Deps) => ({
  async planSteps(call: StepCall<Taken<'plan'>>): Promise<PlanResult> {
    const { plan } = call.input;
    const options = { ...slowEvery(deps.env), distributions: deps.distributions };
    // Without the host: a turn-up that only joins is planned even while the host is down.
    if (plan.operation === 'up' && !plan.prune)
      return { outcome: 'done', facts: { graph: freezeUp(specOf(plan), options), uuid: call.run.uuid } };
    const act = async (scope: StepScope): Promise<PlanResult> => ({
      outcome: 'done',
      facts: await plans[plan.operation](scope, plan, options),
    });
    return inStep(deps, call, act);
  },
});

function specOf({ spec }: PlanQuestion): Spec {
  if (!spec) throw failure('BUG', 'a turn-up was started without a spec');
  return spec;
}

/** Members of the record that the spec does not name leave; a federation that is not there yet has none. */
async function planUp(scope: StepScope, plan: PlanQuestion, options: FreezeOptions): Promise<FrozenPlan> {
  const spec = specOf(plan);
  const record = await readRecord(scope.host, scope.run.host.namespace);
  const known = record?.federation === scope.run.federation ? standingSpec(record).clusters : [];
  const leaving = known.filter(({ name }) => !spec.clusters.some((cluster) => cluster.name === name));
  return { graph: withPruned(freezeUp(spec, options), spec, leaving, options), uuid: scope.run.uuid };
}

/** The record of this federation. Throws RECORD_NOT_FOUND. */
async function recordOf(scope: StepScope): Promise<FederationRecord> {
  const { federation, host } = scope.run;
  const record = await readRecord(scope.host, host.namespace);
  if (record?.federation === federation) return record;
  const found = record ? `; the record there is of ${record.federation}` : '';
  throw failure(
    'RECORD_NOT_FOUND',
    `no record of federation ${federation} in namespace ${host.namespace} of context ${host.context}${found}`,
  );
}

/** The spec of a record. Throws RECORD_NOT_FOUND where it has none, so that nothing is known of what was made. */
function specIn({ spec, federation }: FederationRecord): Spec {
  if (spec) return spec;
  throw failure('RECORD_NOT_FOUND', `the record of federation ${federation} holds no spec`);
}

/** The record's spec, with every member that stands. */
const standingSpec = (record: FederationRecord): Spec => {
  const { members } = record;
  const said = specIn(record);
  const more = members.filter(({ name }) => !said.clusters.some((cluster) => cluster.name === name));
  return { ...said, clusters: [...said.clusters, ...more] };
};

const owned = (scope: StepScope, { uuid }: FederationRecord): StepScope => ({ ...scope, run: { ...scope.run, uuid } });

/** The record says what there is to take away; whoever takes it away must own it. */
async function planDown(scope: StepScope, { down }: PlanQuestion, options: FreezeOptions): Promise<FrozenPlan> {
  const left = await leftNamespace(scope.host, scope.run.host.namespace);
  if (left?.federation === scope.run.federation) {
    const graph = freezeRest(down ?? { volumes: 'keep' }, { ...options, distribution: scope.run.distribution });
    return { graph, uuid: left.uuid };
  }
  const record = await recordOf(scope);
  await acquire(owned(scope, record));
  await patchRecord(scope, { phase: 'turning-down' });
  const spec = standingSpec(record);
  const graph = freezeDown(spec, down ?? { volumes: 'keep' }, options);
  return { graph: withOrphans(graph, await unlabelledOrphans(scope, spec)), uuid: record.uuid };
}

/** What no undo takes away and the sweep cannot find by our labels: things at a DNS provider, edits of others' objects. */
async function unlabelledOrphans(scope: StepScope, spec: Spec): Promise<string[]> {
  const made = await allEntries(scope.host, scope.run.host.namespace);
  const orphans = notUndone(made, spec, scope.deps.distributions);
  return orphans.filter(({ place, origin }) => place.kind === 'dns' || origin === 'changed').map(sayEntry);
}

function withOrphans(graph: FrozenGraph, orphans: string[]): FrozenGraph {
  if (orphans.length === 0) return graph;
  const told = (step: FrozenStep): FrozenStep => ({ ...step, input: { ...step.input, orphans } });
  return { ...graph, steps: graph.steps.map((step) => (step.activity === 'sweep' ? told(step) : step)) };
}

async function planJoin(scope: StepScope, { join = [] }: PlanQuestion, options: FreezeOptions): Promise<FrozenPlan> {
  const record = await recordOf(scope);
  if (record.phase !== 'up') throw notStanding(record, 'join');
  const names = join.map(({ name }) => name);
  const spec = specIn(record);
  const clusters = [...spec.clusters.filter(({ name }) => !names.includes(name)), ...join];
  return { graph: freezeJoin({ ...spec, clusters }, names, options), uuid: record.uuid };
}

async function planUnjoin(scope: StepScope, plan: PlanQuestion, options: FreezeOptions): Promise<FrozenPlan> {
  const record = await recordOf(scope);
  const spec = standingSpec(record);
  const names = plan.unjoin ?? [];
  const unknown = names.filter((name) => !spec.clusters.some((cluster) => cluster.name === name));
  if (unknown.length > 0) {
    const known = spec.clusters.map(({ name }) => name).join(', ') || 'it has none';
    throw failure('MEMBER_NOT_KNOWN', `${unknown.join(', ')}: no member of ${record.federation}; members: ${known}`);
  }
  if (record.phase !== 'up') throw notStanding(record, 'unjoin');
  await acquire(owned(scope, record));
  const leaving = spec.clusters.filter(({ name }) => names.includes(name));
  return { graph: freezeUnjoin(spec, leaving, options), uuid: record.uuid };
}

const notStanding = ({ federation, phase }: FederationRecord, verb: string): Error =>
  failure('NOT_STANDING', `${federation} is not up (its record says ${phase}), so nothing can ${verb}`, {
    federation,
  });
