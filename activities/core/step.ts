import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { CallOf, ResultOf, StepId, UndoCallOf } from '../../src/catalogue/call-of.ts';
import type { MemberRef, RunContext, StepCall, StepResult } from '../../src/catalogue/call.ts';
import type { Distribution } from '../../src/distributions/distribution.ts';
import { distributionOf } from '../../src/distributions/table.ts';
import type { Kube } from '../clients/kube/port.ts';
import { currentContext } from '../kit/context.ts';
import type { Deps } from './deps.ts';
import { bug, failure, retryable } from '../kit/fail.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { assertOwner } from './owner.ts';
import { planned } from './planned-clusters.ts';
import { atMost, redact } from '../kit/redact.ts';

/** ms between heartbeats; well below every heartbeat timeout of the timing profiles. */
const heartbeatEveryMs = 5_000;
/** Longest detail of a heartbeat, bytes: `status` shows it. */
const detailBytes = 1_000;

/** What an activity works with that touches no cluster: its worker may be a machine that only builds. */
export interface BuildScope {
  deps: Deps;
  run: RunContext;
  /** What the run turns up or down. */
  distribution: Distribution;
  step: string;
  signal: AbortSignal;
  /** Says what the step waits for; `status` and the Temporal UI show it. */
  tell(detail: string): void;
}

/** What a step's activity works with. */
export interface StepScope extends BuildScope {
  /** The host cluster. */
  host: Kube;
  /** The ledger that this step writes. */
  ledger: Ledger;
  /** The member this step is about. */
  member(): Promise<Kube>;
  /** The federation's own API. */
  federation(): Promise<Kube>;
}

/** The member of this step. Throws BUG in a step of the host. */
export function memberOf(scope: Pick<StepScope, 'run' | 'step'>): MemberRef {
  if (!scope.run.member) throw failure('BUG', `step ${scope.step} was called without a member`);
  return scope.run.member;
}

type Act<Id extends StepId> = (scope: StepScope, call: CallOf<Id>) => Promise<ResultOf<Id>>;
type Activity<Id extends StepId> = (call: CallOf<Id>) => Promise<ResultOf<Id>>;

/** An activity that only asks. */
export function reading<Id extends StepId>(deps: Deps, act: Act<Id>): Activity<Id> {
  return (call) => inStep(deps, call, (scope) => act(scope, call));
}

/** An activity that writes; see asOwner. */
export function writing<Id extends StepId>(deps: Deps, act: Act<Id>): Activity<Id> {
  return (call) => asOwner(deps, call, (scope) => act(scope, call));
}

/** An activity that takes away what a step made; see asOwner. */
export function undoing<Id extends StepId, Result extends StepResult<object>>(
  deps: Deps,
  act: (scope: StepScope, call: UndoCallOf<Id>) => Promise<Result>,
): (call: UndoCallOf<Id>) => Promise<Result> {
  return (call) => asOwner(deps, call, (scope) => act(scope, call));
}

/** Runs an act that writes: its run must still own the federation, but for a debt. Throws OWNER_CHANGED otherwise. */
export async function asOwner<T>(
  deps: Deps,
  call: StepCall<unknown>,
  act: (scope: StepScope) => Promise<T>,
): Promise<T> {
  return inStep(deps, call, async (scope) => {
    if (!ownerless.has(call.step) && !call.run.debt) await assertOwner(scope);
    return act(scope);
  });
}

/** An activity that touches no cluster. */
export function building<Id extends StepId>(
  deps: Deps,
  act: (scope: BuildScope, call: CallOf<Id>) => Promise<ResultOf<Id>>,
): Activity<Id> {
  return (call) => guarded(deps, call, (scope) => act(scope, call));
}

/** Steps before the Lease, which they lead to. */
const ownerless: ReadonlySet<string> = new Set(['host/namespace', 'host/record']);

/** Runs an act with a scope that reaches the clusters; see guarded. */
export async function inStep<T>(
  deps: Deps,
  call: StepCall<unknown>,
  act: (scope: StepScope) => Promise<T>,
): Promise<T> {
  const known = call.planned ? { ...deps, kube: planned(deps.kube, call, call.planned) } : deps;
  return guarded(known, call, async (scope) => {
    const host = await known.kube.forContext(call.run.host);
    return act({ ...scope, host, ledger: openLedger(host, call.run), ...clusters(known, scope) });
  });
}

/** Runs an act with heartbeats in the background, and throws every error as a failure of the table. */
async function guarded<T>(deps: Deps, call: StepCall<unknown>, act: (scope: BuildScope) => Promise<T>): Promise<T> {
  const context = currentContext();
  const tell = (text: string): void => context.heartbeat(atMost(redact(text), detailBytes));
  const timer = setInterval(() => context.beat(), heartbeatEveryMs);
  try {
    const distribution = distributionOf(call.run, deps.distributions);
    return await act({ deps, run: call.run, distribution, step: call.step, signal: context.signal, tell });
  } catch (error) {
    throw failed(error, deps, call);
  } finally {
    clearInterval(timer);
  }
}

function clusters(deps: Deps, { run, distribution }: BuildScope): Pick<StepScope, 'member' | 'federation'> {
  return {
    member: () => {
      if (!run.member) throw failure('BUG', 'a step of the host asked for a member');
      return deps.kube.forContext(run.member);
    },
    federation: () => deps.kube.forSecret(run.host, distribution.names.adminKubeconfig),
  };
}

function failed(error: unknown, deps: Deps, call: StepCall<unknown>): Error {
  if (error instanceof CancelledFailure) return error;
  const known = error instanceof ApplicationFailure;
  if (!known)
    deps.log.warn({ step: call.step, stack: redact(String((error as Error)?.stack ?? error)) }, 'unexpected error');
  const result = known ? error : bug(error);
  return call.parked ? retryable(result) : result;
}
