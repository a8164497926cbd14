import {
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  log,
  TemporalFailure,
  upsertMemo,
} from '@temporalio/workflow';
import { defaultDistribution } from '../src/distributions/unsaid.ts';
import { isSame, planAmendment, type Standing } from '../src/graph/amend.ts';
import type { FrozenClusters, FrozenGraph } from '../src/graph/frozen.ts';
import { expandTemplate } from '../src/graph/refs.ts';
import { type AmendRequest, type MemberAmendment, memberAmendedSignal } from '../src/run/messages.ts';
import { isPassed } from '../src/run/schedule.ts';
import { execute, stepError } from './execute.ts';
import { planStep } from './planning.ts';
import type { Run } from './run.ts';

const refuse = (message: string): never => {
  throw ApplicationFailure.nonRetryable(message, 'REFUSED');
};

/** While a change is being planned the run may be cancelled; its steps, or their undos, are no longer to be changed. */
const refuseInClosing = (run: Run): void => {
  if (run.closing) refuse('the run is being cancelled: fedctl up -f FILE comes after it');
};

/** Returns why an amendment is refused before anything is asked, or undefined. */
export function amendProblem(run: Run, request?: Partial<AmendRequest>): string | undefined {
  const { operation, member, rollingBack } = run.state;
  if (!request?.spec || !request.digest) return 'an amendment holds a whole spec and its digest: fedctl retry -f FILE';
  if (member !== null) return 'a member is amended with its run: send it there';
  if (operation !== 'up') return `a run of ${operation} takes no changed spec; fedctl up -f FILE comes after it`;
  if (rollingBack) return 'the run is rolling back';
  return stateProblem(run) ?? hostProblem(run, request.spec);
}

function stateProblem(run: Run): string | undefined {
  if (run.closing) return 'the run is being cancelled: fedctl up -f FILE comes after it';
  if (run.input.plan) return 'the run keeps to a plan: cancel it, plan with the changed file, and start that plan';
  if (run.state.steps['plan']) return 'the run has not planned its steps yet: try again in a moment';
  return run.amending ? 'another change is being applied right now' : undefined;
}

function hostProblem(run: Run, { host, distribution = defaultDistribution }: AmendRequest['spec']): string | undefined {
  const { context, namespace } = run.input.host;
  const { distribution: stands = defaultDistribution } = run.input;
  if (distribution !== stands) return `spec.distribution cannot change while the federation is up (it is ${stands})`;
  if (host.context !== context || host.namespace !== namespace)
    return `spec.host cannot change while the federation is up (it is in ${context}, namespace ${namespace})`;
  return undefined;
}

/** Takes a changed spec into the open run. Throws ApplicationFailure REFUSED, and then nothing has changed. */
export async function amend(run: Run, request: AmendRequest): Promise<string> {
  run.amending = true;
  try {
    const next = await planAgain(run, request);
    refuseInClosing(run);
    const { again, members } = await takeIn(run, next);
    run.input = { ...run.input, digest: request.digest };
    run.spec = request.spec;
    const { kubeconfig, dns } = request.spec;
    upsertMemo({ digest: request.digest, context: kubeconfig.context, ...(dns ? { zone: dns.zone } : {}) });
    tellMembers(run, request.digest);
    const what = [...again, ...members.map((name) => `clusters/${name}`)];
    return what.length > 0 ? `amended; again: ${what.join(', ')}` : 'amended; no finished step is touched';
  } finally {
    run.amending = false;
    run.revision += 1;
  }
}

async function planAgain(run: Run, request: AmendRequest): Promise<FrozenGraph> {
  try {
    const step = planStep({ ...run.input, spec: request.spec });
    const result = await execute(run, { ...step, id: 'plan-again' }, { parked: false });
    return (result.facts as unknown as { graph: FrozenGraph }).graph;
  } catch (error) {
    refuseInClosing(run);
    return refuse(`the changed spec cannot be planned: ${stepError(error).message}`);
  }
}

const standingOf =
  (run: Run) =>
  (id: string): Standing => {
    const step = run.state.steps[id];
    if (!step || step.startedAt === null) return 'untouched';
    return isPassed(step.status) ? 'finished' : 'begun';
  };

async function takeIn(run: Run, next: FrozenGraph): Promise<{ again: string[]; members: string[] }> {
  const members = membersAgain(run, next.clusters);
  const plan = planAmendment(run.graph.steps, next.steps, standingOf(run), members.length > 0);
  if (typeof plan === 'string') return refuse(plan);
  await interrupt(run, [...plan.again, ...plan.dropped]);
  const finished = members.filter((name) => !isOpen(run, name));
  run.graph = next;
  run.apply({ type: 'amended', steps: next.steps, again: plan.again, members: finished });
  for (const step of Object.values(run.state.steps)) if (step.status === 'blocked') run.decisions.set(step.id, 'retry');
  return { again: plan.again, members };
}

const isOpen = (run: Run, member: string): boolean =>
  ['joining', 'blocked'].includes(run.state.clusters[member]?.status ?? '');

/** Members that began and whose steps changed. Throws REFUSED when one came or went. */
function membersAgain(run: Run, next: FrozenClusters | null): string[] {
  const was = run.graph.clusters;
  const names = (clusters: FrozenClusters | null): string[] => (clusters?.members ?? []).map(({ name }) => name);
  const came = names(next).filter((name) => !names(was).includes(name));
  const went = names(was).filter((name) => !names(next).includes(name));
  if (came.length > 0) refuse(`${came.join(', ')} is new: fedctl join, or up once this run is over`);
  if (went.length > 0)
    refuse(`${went.join(', ')} is no longer there: fedctl unjoin, or up --prune once this run is over`);
  if (!was || !next) return [];
  const begun = names(was).filter((name) => (run.state.clusters[name]?.status ?? 'pending') !== 'pending');
  const lost = was.template.find(({ id, undo }) => undo && !next.template.some((step) => step.id === id));
  if (lost && begun.length > 0) refuse(`step ${lost.id} is no longer there, and may have made something`);
  const stepsOf = (clusters: FrozenClusters, name: string) =>
    expandTemplate(clusters.template, clusters.members.find((member) => member.name === name) ?? { name });
  return begun.filter((name) => !isSame(stepsOf(was, name), stepsOf(next, name)));
}

/** Ends the work of steps whose input is no longer right, and waits until it has ended. */
export async function interrupt(run: Run, steps: readonly string[]): Promise<void> {
  const working = (id: string): boolean => ['running', 'blocked'].includes(run.state.steps[id]?.status ?? '');
  for (const id of steps.filter(working)) {
    run.decisions.set(id, 'requeue');
    run.attempts.get(id)?.cancel();
  }
  run.revision += 1;
  await condition(() => run.closing || !steps.some(working));
  refuseInClosing(run);
}

/** Open children take the change up themselves; one that has ended is started again where it must be. */
function tellMembers(run: Run, digest: string): void {
  const { clusters, blockedForMs, slowEveryMs } = run.graph;
  for (const member of clusters?.members ?? []) {
    const state = run.state.clusters[member.name];
    if (!state || !isOpen(run, member.name)) continue;
    const change: MemberAmendment = { member, template: clusters?.template ?? [], blockedForMs, slowEveryMs, digest };
    getExternalWorkflowHandle(state.workflowId)
      .signal(memberAmendedSignal, change)
      .catch(() => undefined); // it ended in between: the next run brings it up to date
  }
}

/**
 * A member's share of an amendment, in its own run. Nobody waits for an answer, and an error of a signal would end the
 * run at once, before its steps have ended: it is noted, and whoever cancels or amends the parent sees to the rest.
 */
export async function amendMember(run: Run, change: MemberAmendment): Promise<void> {
  try {
    await takeMemberIn(run, change);
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    log.warn('a change of the member was not taken up', { error: String(error) });
  }
}

async function takeMemberIn(run: Run, change: MemberAmendment): Promise<void> {
  await condition(() => !run.amending);
  refuseInClosing(run);
  run.amending = true;
  const { member, template, blockedForMs, slowEveryMs, digest } = change;
  const { name, context, kubeconfig } = member;
  try {
    const steps = expandTemplate(template, member);
    await takeIn(run, { steps, clusters: null, blockedForMs, slowEveryMs });
    run.member = { name, context, ...(kubeconfig ? { kubeconfig } : {}) };
    run.input = { ...run.input, digest };
  } finally {
    run.amending = false;
    run.revision += 1;
  }
}
