import { docsOf } from './explain-model.ts';
import { cut, formatDuration } from '../io/format.ts';
import { allSteps, isLeaving, type StatusDebt, type StatusModel, type StatusStep } from './status-model.ts';

/** Something that changed between two pictures of a run; also the objects of `-o jsonl`. Durations are ms. */
export type ProgressEvent =
  | {
      type: 'step';
      at: string;
      step: string;
      status: StatusStep['status'];
      title: string;
      message: string | null;
      /** Word of the errors' table; null when nothing is wrong. */
      code: string | null;
      fix: string[];
      took: number | null;
    }
  | { type: 'waiting'; at: string; step: string; message: string; waited: number | null }
  | { type: 'cluster'; at: string; cluster: string; status: string }
  /** `owed`: a member that could not be reached keeps objects to clean up; `paid`: it keeps none any more. */
  | { type: 'debt'; at: string; cluster: string; status: 'owed' | 'paid'; objects: number }
  | { type: 'run'; at: string; status: StatusModel['status'] };

/** The run's first activity, before there is anything to tell. */
const planStep = 'plan';
const over: ReadonlySet<string> = new Set(['done', 'kept', 'skipped', 'undone', 'failed']);
/** Longest line of a log; what an activity says of itself may take 1 KB. */
const lineLength = 300;

const eventTime = ({ status, startedAt, finishedAt }: StatusStep, now: string): string =>
  (over.has(status) ? finishedAt : status === 'running' ? startedAt : null) ?? now;

const msBetween = (from: string | null, to: string | null): number | null =>
  from && to ? Math.max(0, Date.parse(to) - Date.parse(from)) : null;

function stepEvent(step: StatusStep, now: string): ProgressEvent {
  const { id, status, title, done, error, startedAt, finishedAt } = step;
  const good = over.has(status) && status !== 'failed';
  return {
    type: 'step',
    at: eventTime(step, now),
    step: id,
    status,
    title: good ? done : title,
    message: error?.message ?? (good ? step.detail : null),
    code: error?.code ?? null,
    fix: error?.fix ?? [],
    took: over.has(status) ? msBetween(startedAt, finishedAt) : null,
  };
}

/** What is new of one step: its status, and why it waits. */
function stepChanges(was: StatusStep | undefined, step: StatusStep, now: string): ProgressEvent[] {
  const moved = (was?.status ?? 'pending') !== step.status;
  const events = moved && step.status !== 'pending' ? [stepEvent(step, now)] : [];
  const { id, status, detail, startedAt } = step;
  const waits = status === 'running' && detail !== null && detail !== (was?.status === 'running' ? was.detail : null);
  return waits
    ? [...events, { type: 'waiting', at: now, step: id, message: detail, waited: msBetween(startedAt, now) }]
    : events;
}

/** What changed from one picture to the next, oldest first. `before` absent: everything that has begun. */
export function changes(before: StatusModel | undefined, after: StatusModel, now: string): ProgressEvent[] {
  const known = new Map(before ? allSteps(before).map((step) => [step.id, step]) : []);
  const steps = allSteps(after).flatMap((step) =>
    step.id === planStep ? [] : stepChanges(known.get(step.id), step, now),
  );
  const untold = isLeaving(after.operation) ? 'ready' : 'pending';
  const clusters = after.clusters.flatMap((cluster): ProgressEvent[] => {
    const was = before?.clusters.find((entry) => entry.name === cluster.name)?.status ?? untold;
    return was === cluster.status ? [] : [{ type: 'cluster', at: now, cluster: cluster.name, status: cluster.status }];
  });
  const run: ProgressEvent[] = before?.status === after.status ? [] : [{ type: 'run', at: now, status: after.status }];
  const sorted = steps.toSorted((a, b) => a.at.localeCompare(b.at));
  return [...sorted, ...clusters, ...debtChanges(before, after, now), ...run];
}

function debtChanges(before: StatusModel | undefined, after: StatusModel, at: string): ProgressEvent[] {
  const known = before?.debts ?? [];
  const among = (debts: readonly StatusDebt[], { cluster }: StatusDebt): boolean =>
    debts.some((debt) => debt.cluster === cluster);
  const tell = (debts: readonly StatusDebt[], status: 'owed' | 'paid'): ProgressEvent[] =>
    debts.map(({ cluster, objects }) => ({ type: 'debt', at, cluster, status, objects }));
  return [
    ...tell(
      after.debts.filter((debt) => !among(known, debt)),
      'owed',
    ),
    ...tell(
      known.filter((debt) => !among(after.debts, debt)),
      'paid',
    ),
  ];
}

const clock = (at: string): string => `${at.slice(0, 19)}Z`;
const flat = (text: string): string => text.replace(/\s+/g, ' ');
const oneLine = (text: string): string => cut(flat(text), lineLength);

/** An event as dated lines, for logs and pipes: one, and one more for each way out of a block. */
export function eventLines(event: ProgressEvent): string[] {
  const at = clock(event.at);
  if (event.type === 'run') return [`${at} run ${event.status}`];
  if (event.type === 'cluster') return [`${at} cluster ${event.cluster} ${event.status}`];
  if (event.type === 'debt') return [`${at} debt of ${event.cluster} ${event.status}${sayObjects(event)}`];
  if (event.type === 'waiting')
    return [oneLine(`${at} waiting ${event.step}${inBrackets(event.waited)}: ${event.message}`)];
  const code = event.code ? ` (${event.code})` : '';
  const docs = docsOf(event.code ?? '');
  const why = event.message ? `: ${event.message}` : '';
  // The status says it already.
  const title = event.status === 'undone' ? event.title.replace(/^Undone: /, '') : event.title;
  return [
    oneLine(`${at} ${event.status} ${event.step}: ${title}${inBrackets(event.took)}${why}${code}`),
    ...event.fix.map((fix) => `${at}   fix: ${flat(fix)}`), // a command that is cut is none
    ...(docs ? [`${at}   see: ${docs}`] : []),
  ];
}

const sayObjects = ({ status, objects }: { status: 'owed' | 'paid'; objects: number }): string =>
  status === 'paid' ? '' : `: ${objects} ${objects === 1 ? 'object' : 'objects'} to clean up`;

const inBrackets = (ms: number | null): string => (ms === null ? '' : ` (${formatDuration(ms)})`);

/** A sign of life for a log in which nothing changed for a while. */
export function heartbeatLine(model: StatusModel, now: string): string {
  const open = allSteps(model).filter((step) => step.status === 'running' || step.status === 'blocked');
  const steps = open.map((step) => `${step.id}${inBrackets(msBetween(step.startedAt, now))}`);
  return oneLine(`${clock(now)} ${model.status}, at ${steps.join(', ') || 'no step'}`);
}
