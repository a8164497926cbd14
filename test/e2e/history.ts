import type { Client } from '@temporalio/client';

/** Every text in a value, bytes decoded: what people and thieves could read of it. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array || Buffer.isBuffer(value)) return [Buffer.from(value).toString('utf8')];
  if (typeof value !== 'object' || value === null) return [];
  if (Object.prototype.toString.call(value) === '[object Uint8Array]')
    return [Buffer.from(value as Uint8Array).toString('utf8')];
  return Object.entries(value).flatMap(([key, part]) => [key, ...textsIn(part)]);
}

/** A history as people and thieves could read it: every text of it, payloads decoded. */
export async function historyText(client: Client, workflowId: string, runId?: string): Promise<string> {
  return textsIn(await client.workflow.getHandle(workflowId, runId).fetchHistory()).join('\n');
}

/** How often each step's activity was scheduled in a run: once, however often it was tried. */
export async function scheduledTimes(client: Client, workflowId: string, runId?: string): Promise<Map<string, number>> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const times = new Map<string, number>();
  for (const event of events ?? []) {
    const id = event.activityTaskScheduledEventAttributes?.activityId;
    if (id) times.set(id, (times.get(id) ?? 0) + 1);
  }
  return times;
}

/** At which attempt each step ended that has ended well: 1 is at once. */
export async function attemptsOf(client: Client, workflowId: string, runId?: string): Promise<Map<string, number>> {
  const { events = [] } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const ids = new Map<string, string>();
  const started = new Map<string, number>();
  const ended = new Map<string, number>();
  for (const event of events ?? []) {
    const { activityTaskScheduledEventAttributes: scheduled, activityTaskStartedEventAttributes: begun } = event;
    const { activityTaskCompletedEventAttributes: completed } = event;
    if (scheduled?.activityId) ids.set(String(event.eventId), scheduled.activityId);
    if (begun) started.set(String(begun.scheduledEventId), begun.attempt ?? 1);
    const of = String(completed?.scheduledEventId);
    if (completed) ended.set(ids.get(of) ?? '', started.get(of) ?? 1);
  }
  return ended;
}

/** Ids and runs of every workflow of a federation. */
export async function runsOf(client: Client, federation: string): Promise<{ workflowId: string; runId: string }[]> {
  const found: { workflowId: string; runId: string }[] = [];
  for await (const run of client.workflow.list({ query: `FedctlFederation = "${federation}"` })) {
    found.push({ workflowId: run.workflowId, runId: run.runId });
  }
  return found;
}
