import { Client, Connection } from '@temporalio/client';

const parts = {
  'preflight/images': 'preflight',
  'preflight/build': 'preflight',
  'images/binaries': 'binaries',
  'images/build': 'build',
  'images/push': 'push',
} as const;
type Part = (typeof parts)[keyof typeof parts];

/** Seconds of each step, the checks before them together, and the whole run. */
export type RunSeconds = Record<Part | 'run', number>;

/** ms since the epoch of an event's time. */
const msOf = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1_000_000;

/** Seconds from scheduling to the end of each step of the latest run, as its history tells. */
export async function runSeconds(address: string, workflowId: string): Promise<RunSeconds> {
  const connection = await Connection.connect({ address });
  const { events } = await new Client({ connection }).workflow.getHandle(workflowId).fetchHistory();
  await connection.close();
  const began = new Map<string, { part: Part; ms: number }>();
  const times = (events ?? []).map(({ eventTime }) => msOf(eventTime));
  const run = ((times.at(-1) ?? NaN) - (times[0] ?? NaN)) / 1_000;
  const took: RunSeconds = { preflight: 0, binaries: 0, build: 0, push: 0, run };
  for (const event of events ?? []) {
    const id = event.activityTaskScheduledEventAttributes?.activityId;
    const part = id ? parts[id as keyof typeof parts] : undefined;
    if (part) began.set(String(event.eventId), { part, ms: msOf(event.eventTime) });
    const from = began.get(String(event.activityTaskCompletedEventAttributes?.scheduledEventId));
    if (from) took[from.part] += (msOf(event.eventTime) - from.ms) / 1_000;
  }
  return took;
}
