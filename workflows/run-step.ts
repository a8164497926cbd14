import { CancellationScope, condition, isCancellation, log, sleep } from '@temporalio/workflow';
import type { StepResult } from '../src/catalogue/call.ts';
import type { FrozenStep } from '../src/graph/frozen.ts';
import type { StepError } from '../src/errors/step-error.ts';
import { dependentsOf } from '../src/graph/amend.ts';
import { execute, isBuilderAway, type Mode, slowEveryMs, stepError, summaryOf } from './execute.ts';
import type { Decision, Run } from './run.ts';

/** `startAt`: the step that has to be done again first, since what it made is on a worker that is away. */
type Attempt = { result: StepResult } | { error: StepError } | { startAt: string };

/**
 * Runs one step to its end: done, skipped, or failed after `blockedFor`. A failure does not end the run: the step is
 * blocked, and goes on by itself, by an operator, or not at all.
 */
export async function runStep(run: Run, step: FrozenStep): Promise<void> {
  run.decisions.delete(step.id);
  run.apply({ type: 'started', step: step.id, at: run.now() });
  for (;;) {
    const attempt = await quickAttempts(run, step);
    if (attempt === 'requeue') return run.apply({ type: 'requeued', steps: [step.id] });
    if ('result' in attempt) return finish(run, step, attempt.result);
    if ('startAt' in attempt) return goBack(run, step, attempt.startAt);
    const end = await park(run, step, attempt.error);
    if (end === 'retry') {
      run.apply({ type: 'started', step: step.id, at: run.now() });
      continue;
    }
    if (end === 'requeue') return run.apply({ type: 'requeued', steps: [step.id] });
    if (end === 'skip') return run.apply({ type: 'skipped', step: step.id, at: run.now() });
    if ('result' in end) return finish(run, step, end.result);
    if ('startAt' in end) return goBack(run, step, end.startAt);
    return run.apply({ type: 'failed', step: step.id, at: run.now(), error: end.error });
  }
}

async function attemptStep(run: Run, step: FrozenStep, mode: Mode): Promise<Attempt> {
  try {
    return { result: await execute(run, step, mode) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (typeof step.queue === 'object' && isBuilderAway(step, error)) return { startAt: step.queue.from };
    return { error: stepError(error) };
  }
}

/** The step's first attempts, until they succeed, its time is used up, or its input is no longer the right one. */
async function quickAttempts(run: Run, step: FrozenStep): Promise<Attempt | 'requeue'> {
  const scope = new CancellationScope();
  const outer = CancellationScope.current();
  run.attempts.set(step.id, scope);
  try {
    const attempt = await scope.run(() => attemptStep(run, step, { parked: false }));
    return takeBack(run, step) ? 'requeue' : attempt;
  } catch (error) {
    if (!isCancellation(error) || outer.consideredCancelled || !takeBack(run, step)) throw error;
    return 'requeue';
  } finally {
    run.attempts.delete(step.id);
  }
}

const takeBack = (run: Run, step: FrozenStep): boolean =>
  run.decisions.get(step.id) === 'requeue' && run.decisions.delete(step.id);

/** Does `from` again, and all that needs it and has begun: another worker makes what the one that is away had. */
function goBack(run: Run, step: FrozenStep, from: string): void {
  const begun = (id: string): boolean => (run.state.steps[id]?.startedAt ?? null) !== null;
  const again = [...dependentsOf([from], run.graph.steps)].filter((id) => id in run.state.steps && begun(id));
  log.warn('the worker that built is away: its steps are done again', { step: step.id, from });
  run.apply({ type: 'requeued', steps: again });
}

function finish(run: Run, step: FrozenStep, result: StepResult): void {
  const uuid = result.facts['uuid'];
  if (typeof uuid === 'string' && uuid !== run.state.uuid) run.apply({ type: 'identified', uuid });
  const { outcome, note = null, facts } = result;
  run.apply({ type: 'finished', step: step.id, at: run.now(), outcome, note, facts });
}

/** Waits at a blocked step for a decision, while the server looks again every `slowEveryMs`. */
async function park(run: Run, step: FrozenStep, error: StepError): Promise<Decision | Attempt> {
  const { blockedForMs } = run.graph;
  const everyMs = slowEveryMs(run, step);
  run.decisions.delete(step.id);
  const nextAttemptAt = new Date(Date.now() + everyMs).toISOString();
  run.apply({ type: 'blocked', step: step.id, at: run.now(), error, nextAttemptAt });

  const waiting = new CancellationScope();
  const looking = waiting.run(async (): Promise<Attempt> => {
    await sleep(everyMs, { summary: summaryOf(run, step, 'next automatic attempt') });
    return attemptStep(run, step, { parked: true, forMs: blockedForMs });
  });
  const deciding = waiting.run(() => condition(() => run.decisions.has(step.id)));
  // Both losers end by the scope's cancellation; only the outer cancellation is an end of this step.
  const ended = deciding.then(() => undefined);
  try {
    const first = await Promise.race([looking, ended]);
    if (first) return first;
  } finally {
    waiting.cancel();
    await Promise.allSettled([looking, deciding]);
  }
  const decision = run.decisions.get(step.id) ?? 'retry';
  run.decisions.delete(step.id);
  return decision;
}
