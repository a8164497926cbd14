import { condition } from '@temporalio/workflow';
import { isSettled, readyClusters, readySteps } from '../src/run/schedule.ts';
import type { Run } from './run.ts';
import { runStep } from './run-step.ts';

/**
 * Interprets the run's graph: starts whatever can start, and waits for changes, until nothing can start, works or
 * waits. Returns then; whether all went well stands in the state. A bug or a cancellation is thrown, after all that
 * was started has ended.
 */
export async function runGraph(run: Run, runCluster: (name: string) => Promise<void>): Promise<void> {
  const works: Promise<void>[] = [];
  const bugs: unknown[] = [];
  const start = (work: Promise<void>): void => {
    works.push(work.catch((error: unknown) => void bugs.push(error)));
  };
  try {
    for (;;) {
      const seen = run.revision;
      if (!run.paused && !run.amending) {
        for (const step of readySteps(run.graph, run.state)) start(runStep(run, step));
        for (const name of readyClusters(run.graph, run.state)) start(runCluster(name));
      }
      if (bugs.length > 0) throw bugs[0];
      if (!run.amending && isSettled(run.graph, run.state)) return;
      if (run.revision === seen) await condition(() => run.revision !== seen || bugs.length > 0);
    }
  } finally {
    await Promise.all(works);
  }
}
