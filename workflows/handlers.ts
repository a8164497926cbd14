import { ApplicationFailure, getExternalWorkflowHandle, log, patched, setHandler } from '@temporalio/workflow';
import {
  amendSignal,
  amendUpdate,
  type Asked,
  type CancelRequest,
  cancelSignal,
  cancelUpdate,
  type ClusterChange,
  clusterChangedSignal,
  descriptions,
  getRunStateQuery,
  getSpecQuery,
  memberAmendedSignal,
  pauseSignal,
  pauseUpdate,
  resumeSignal,
  resumeUpdate,
  retrySignal,
  retryUpdate,
  type RetryRequest,
  skipSignal,
  skipUpdate,
  type SkipRequest,
} from '../src/run/messages.ts';
import { planRetry, sayBlocked } from '../src/run/retry.ts';
import { amend, amendMember, amendProblem } from './amend.ts';
import type { Run } from './run.ts';

const refuse = (message: string): never => {
  const refusal = ApplicationFailure.nonRetryable(message, 'REFUSED');
  // The form of the Web UI shows the stack below the message: it says nothing to whoever has to fix it.
  refusal.stack = '';
  throw refusal;
};

const blockedMembers = (run: Run): string[] =>
  Object.values(run.state.clusters).flatMap((cluster) => (cluster.status === 'blocked' ? [cluster.workflowId] : []));

/** Returns why a `retry` is refused, or undefined. */
function retryProblem(run: Run, request?: RetryRequest): string | undefined {
  const plan = planRetry(run.graph.steps, run.state, request?.steps);
  if (typeof plan === 'string') return plan;
  const members = request?.steps?.length ? [] : blockedMembers(run);
  if (plan.wake.length + plan.requeue.length + members.length === 0) return 'no step of this run is blocked';
  return undefined;
}

function retry(run: Run, request?: RetryRequest): string {
  const plan = planRetry(run.graph.steps, run.state, request?.steps);
  if (typeof plan === 'string') return plan;
  const blocked = (id: string): boolean => run.state.steps[id]?.status === 'blocked';
  for (const id of plan.wake) run.decisions.set(id, 'retry');
  for (const id of plan.requeue.filter(blocked)) run.decisions.set(id, 'requeue');
  const finished = plan.requeue.filter((id) => !blocked(id));
  if (finished.length > 0) run.apply({ type: 'requeued', steps: finished });
  const members = request?.steps?.length ? [] : blockedMembers(run);
  for (const id of members)
    void getExternalWorkflowHandle(id)
      .signal(retrySignal, {})
      .catch(() => undefined);
  run.revision += 1;
  return `retrying ${[...plan.wake, ...plan.requeue, ...members].join(', ')}`;
}

function skipProblem(run: Run, request: SkipRequest): string | undefined {
  const step = run.state.steps[request?.step];
  if (!step) return `this run has no step ${request?.step}`;
  if (step.status !== 'blocked') return `step ${step.id} is ${step.status}, not blocked; ${sayBlocked(run.state)}`;
  if (!step.skippable) return `step ${step.id} cannot be skipped: later steps build on it`;
  return undefined;
}

function skip(run: Run, request: SkipRequest): string {
  run.decisions.set(request.step, 'skip');
  return `skipping ${request.step}`;
}

const undoable: ReadonlySet<string> = new Set(['up', 'join']);

function cancelProblem(run: Run, request?: CancelRequest): string | undefined {
  const { operation, member, rollingBack, federation } = run.state;
  if (rollingBack) return 'the run is rolling back, which cannot be cancelled: skip a blocked step to go on without it';
  if (!request?.rollback) return undefined;
  if (member) return `a member is rolled back with its run: cancel --rollback ${federation}`;
  if (!undoable.has(operation)) return `a run of ${operation} cannot be rolled back: cancel it, then turn up again`;
  return undefined;
}

function pause(run: Run, paused: boolean): string {
  run.paused = paused;
  run.apply({ type: 'status', status: paused ? 'paused' : 'running' });
  return paused ? 'paused: no further step starts' : 'going on';
}

/** What a member says of itself; one that comes after the member's end says nothing of the member as it is now. */
function clusterChanged(run: Run, change: ClusterChange): void {
  const status = run.state.clusters[change.name]?.status ?? '';
  // A history of before may hold what such a message led to.
  if (!['joining', 'blocked'].includes(status) && patched('late-news-of-members')) return;
  run.apply({ type: 'cluster', ...change });
}

const orRefuse = (problem: string | undefined): void => {
  if (problem !== undefined) refuse(problem);
};

/**
 * Registers query, Updates and their signal fallbacks. Must be called before the first await of a workflow.
 * Validators are synchronous: an async one would accept everything.
 */
export function setHandlers(run: Run, cancel: () => void): void {
  setHandler(getRunStateQuery, () => run.state, { description: descriptions.getRunState });
  setHandler(getSpecQuery, () => run.spec, { description: descriptions.getSpec });
  setHandler(retryUpdate, (request) => retry(run, request), {
    validator: (request) => orRefuse(retryProblem(run, request)),
    description: descriptions.retry,
  });
  setHandler(skipUpdate, (request) => skip(run, request), {
    validator: (request) => orRefuse(skipProblem(run, request)),
    description: descriptions.skip,
  });
  setHandler(pauseUpdate, (_asked: Asked) => pause(run, true), {
    validator: (_asked: Asked) => orRefuse(run.paused ? 'the run is paused already' : undefined),
    description: descriptions.pause,
  });
  setHandler(resumeUpdate, (_asked: Asked) => pause(run, false), {
    validator: (_asked: Asked) => orRefuse(run.paused ? undefined : 'the run is not paused'),
    description: descriptions.resume,
  });
  setHandler(amendUpdate, (request) => amend(run, request), {
    validator: (request) => orRefuse(amendProblem(run, request)),
    description: descriptions.amend,
  });
  const cancelBy = (request?: CancelRequest): string => {
    run.closing = true;
    run.cancelledBy = request?.by ?? 'an operator';
    run.rollback ||= request?.rollback === true;
    cancel();
    return run.rollback ? 'cancelling: what this run made is undone, in reverse' : 'cancelling: what it made is kept';
  };
  setHandler(cancelUpdate, cancelBy, {
    validator: (request) => orRefuse(cancelProblem(run, request)),
    description: descriptions.cancel,
  });

  // A signal waits for a worker; what is wrong with it can only be dropped by then.
  setHandler(retrySignal, (request) => void (retryProblem(run, request) ?? retry(run, request)));
  setHandler(skipSignal, (request) => void (skipProblem(run, request) ?? skip(run, request)));
  setHandler(pauseSignal, () => void (run.paused || pause(run, true)));
  setHandler(resumeSignal, () => void (run.paused && pause(run, false)));
  setHandler(cancelSignal, (request) => void (cancelProblem(run, request) ?? cancelBy(request)));
  setHandler(amendSignal, async (request) => {
    const problem = amendProblem(run, request) ?? (await amend(run, request).catch((error: Error) => error.message));
    log.info('a changed spec came as a signal', { answer: problem });
  });
  setHandler(memberAmendedSignal, (change) => amendMember(run, change));
  setHandler(clusterChangedSignal, (change) => clusterChanged(run, change));
}
