import { setTimeout as sleep } from 'node:timers/promises';
import type { Temporal } from '../../temporal/client.ts';
import type { Output } from '../io/command.ts';
import { chooseDisplay, type Display } from '../views/display.ts';
import { exit, type ExitCode } from '../io/exit.ts';
import { type DebtWatch, watchDebts } from './follow-debts.ts';
import { watchWorkers } from './follow-workers.ts';
import type { Io } from '../io/io.ts';
import { observeFamily, type ObservedRun } from '../reads/observe.ts';
import { mergeStatus, type KnownOutputs } from '../views/merge-status.ts';
import type { StatusModel } from '../views/status-model.ts';

/** Time between two pictures, ms. */
const everyMs = 500;

export interface FollowOptions {
  temporal: Temporal;
  workflowId: string;
  taskQueue: string;
  known: KnownOutputs;
  output: Output;
  /** ms; the run goes on after it. */
  timeoutMs?: number | undefined;
  /** Aborted by Ctrl-C. */
  detach: AbortSignal;
}

/** How following ended: the last picture there was, and the exit code it means. */
export interface Followed {
  code: ExitCode;
  model: StatusModel | undefined;
  runId: string | undefined;
  /** What the run made was being undone. */
  rolledBack?: boolean;
}

const endings: Partial<Record<StatusModel['status'], ExitCode>> = {
  completed: exit.done,
  failed: exit.failed,
  cancelled: exit.declined,
  blocked: exit.blocked,
};
const closedAs: Partial<Record<ObservedRun['execution'], ExitCode>> = {
  COMPLETED: exit.done,
  CANCELLED: exit.declined,
};

/** Exit code of a run as seen now; undefined while it works. A parked run ends the following, not the run. */
export function endOf(parent: Pick<ObservedRun, 'execution'>, model: StatusModel | undefined): ExitCode | undefined {
  const said = model && endings[model.status];
  // The state is set a moment before the execution closes: the next run of this id must be able to start.
  if (said !== undefined) return said === exit.blocked || parent.execution !== 'RUNNING' ? said : undefined;
  return parent.execution === 'RUNNING' ? undefined : (closedAs[parent.execution] ?? exit.failed);
}

/** Shows a run until it ends, blocks, times out or the person detaches. */
export async function follow(io: Io, options: FollowOptions): Promise<Followed> {
  const display = chooseDisplay(io, options.output);
  try {
    const debts = watchDebts(options.temporal, options.workflowId.replace(/^federation\//, ''), io.env);
    return await watch(display, debts, options);
  } finally {
    display.end();
  }
}

async function watch(display: Display, debts: DebtWatch, options: FollowOptions): Promise<Followed> {
  const { temporal, workflowId, taskQueue, known, detach, timeoutMs } = options;
  const began = Date.now();
  const missing = watchWorkers(temporal, taskQueue, (text) => display.note(text));
  const detached = aborted(detach);
  let last: StatusModel | undefined;
  let runId: string | undefined;
  let rolledBack = false;
  for (;;) {
    const seen = await Promise.race([lookAt(temporal, workflowId), detached]);
    if (seen && seen !== 'detached') {
      const { code, model } = await modelOf(seen, known, debts);
      runId = seen.parent.runId;
      rolledBack = seen.parent.state?.rollingBack ?? rolledBack;
      if (model) display.update(model);
      last = model ?? last;
      if (code !== undefined) return { code, model: last, runId, rolledBack };
      await missing(seen.parent);
    }
    if (detach.aborted) return { code: exit.detached, model: last, runId, rolledBack };
    if (timeoutMs !== undefined && Date.now() - began >= timeoutMs)
      return { code: exit.timedOut, model: last, runId, rolledBack };
    await sleep(everyMs, undefined, { signal: detach }).catch(() => undefined);
  }
}

/** What was seen as a picture, with the exit code that it ends the following with; that last one has all debts in it. */
async function modelOf(
  { parent, children }: { parent: ObservedRun; children: ObservedRun[] },
  known: KnownOutputs,
  debts: DebtWatch,
): Promise<{ code: ExitCode | undefined; model: StatusModel | undefined }> {
  const model = mergeStatus(parent, children, known);
  const code = endOf(parent, model);
  const owed = code === undefined ? debts.known() : await debts.all(parent.memo.host);
  return { code, model: model && { ...model, debts: owed } };
}

/** A look; undefined when Temporal itself did not answer: it may be on its way back. */
async function lookAt(temporal: Temporal, workflowId: string) {
  try {
    return await observeFamily(temporal, workflowId);
  } catch {
    return undefined;
  }
}

const aborted = (signal: AbortSignal): Promise<'detached'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('detached');
    signal.addEventListener('abort', () => resolve('detached'), { once: true });
  });
