import { formatDuration } from './format.ts';
import { allSteps, type StatusModel, type StatusStep } from './status-model.ts';

/** Something that changed between two pictures of a run; also the objects of `-o jsonl`. */
export type ProgressEvent =
  | {
      type: 'step';
      at: string;
      step: string;
      status: StatusStep['status'];
      title: string;
      message: string | null;
      fix: string[];
      took: number | null;
    }
  | { type: 'waiting'; at: string; step: string; message: string }
  | { type: 'cluster'; at: string; cluster: string; status: string }
  | { type: 'run'; at: string; status: StatusModel['status'] };

/** The run's first activity, before there is anything to tell. */
const planStep = 'plan';
const over: ReadonlySet<string> = new Set(['done', 'kept', 'skipped', 'undone', 'failed']);

const eventTime = ({ status, startedAt, finishedAt }: StatusStep, now: string): string =>
  (over.has(status) ? finishedAt : status === 'running' ? startedAt : null) ?? now;

const tookOf = ({ startedAt, finishedAt }: StatusStep): number | null =>
  startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : null;

function stepEvent(step: StatusStep, now: string): ProgressEvent {
  const { id, status, title, done, error } = step;
  const good = over.has(status) && status !== 'failed';
  return {
    type: 'step',
    at: eventTime(step, now),
    step: id,
    status,
    title: good ? done : title,
    message: error?.message ?? (good ? step.detail : null),
    fix: error?.fix ?? [],
    took: over.has(status) ? tookOf(step) : null,
  };
}

/** What changed from one picture to the next, oldest first. `before` absent: everything that has begun. */
export function changes(before: StatusModel | undefined, after: StatusModel, now: string): ProgressEvent[] {
  const known = new Map(before ? allSteps(before).map((step) => [step.id, step]) : []);
  const steps = allSteps(after).flatMap((step): ProgressEvent[] => {
    if (step.id === planStep) return [];
    const was = known.get(step.id);
    if ((was?.status ?? 'pending') !== step.status) return step.status === 'pending' ? [] : [stepEvent(step, now)];
    const waits = step.status === 'running' && step.detail && step.detail !== was?.detail;
    return waits ? [{ type: 'waiting', at: now, step: step.id, message: step.detail ?? '' }] : [];
  });
  const clusters = after.clusters.flatMap((cluster): ProgressEvent[] => {
    const was = before?.clusters.find((entry) => entry.name === cluster.name)?.status ?? 'pending';
    return was === cluster.status ? [] : [{ type: 'cluster', at: now, cluster: cluster.name, status: cluster.status }];
  });
  const run: ProgressEvent[] = before?.status === after.status ? [] : [{ type: 'run', at: now, status: after.status }];
  const sorted = steps.sort((a, b) => a.at.localeCompare(b.at));
  return [...sorted, ...clusters, ...run];
}

const clock = (at: string): string => `${at.slice(0, 19)}Z`;

/** An event as one dated line, for logs and pipes. */
export function eventLines(event: ProgressEvent): string[] {
  const at = clock(event.at);
  if (event.type === 'run') return [`${at} run ${event.status}`];
  if (event.type === 'cluster') return [`${at} cluster ${event.cluster} ${event.status}`];
  if (event.type === 'waiting') return [`${at} waiting ${event.step}: ${event.message}`];
  const took = event.took === null ? '' : ` (${formatDuration(event.took)})`;
  const why = event.message ? `: ${event.message}` : '';
  return [
    `${at} ${event.status} ${event.step}: ${event.title}${took}${why}`,
    ...event.fix.map((fix) => `${at}   fix: ${fix}`),
  ];
}

/** A sign of life for a log in which nothing changed for a while. */
export function heartbeatLine(model: StatusModel, now: string): string {
  const running = allSteps(model).filter((step) => step.status === 'running' || step.status === 'blocked');
  return `${clock(now)} ${model.status}, at ${running.map((step) => step.id).join(', ') || 'no step'}`;
}
