import type { Facts } from '../catalogue/call.ts';
import type { FrozenStep } from '../graph/frozen.ts';
import { builderQueueOf, imagesQueueOf } from './input.ts';

type Known = Readonly<Record<string, Facts>>;

/** The worker that has what this step works on; undefined where any that builds will do, or any at all. */
export function builderOf({ queue }: FrozenStep, facts: Known): string | undefined {
  if (typeof queue !== 'object') return undefined;
  const name = facts[queue.from]?.[queue.field];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Where a step's activity is sent, and how soon a worker must take it there (ms). */
export interface Routing {
  taskQueue: string;
  scheduleToStartTimeout?: number;
}

/** `queue` is that of the runs. A step bound to a builder that no fact names goes to any that builds. */
export function routingOf(step: FrozenStep, facts: Known, queue: string): Routing {
  if (step.queue === undefined) return { taskQueue: queue };
  const builder = builderOf(step, facts);
  if (typeof step.queue !== 'object' || builder === undefined) return { taskQueue: imagesQueueOf(queue) };
  return { taskQueue: builderQueueOf(queue, builder), scheduleToStartTimeout: step.queue.awayMs };
}
