import { get } from './objects.ts';
import { until } from './processes.ts';
import type { Endpoint, Json } from './request.ts';

/** Waits for the next probe of a Cluster that had none yet, and answers it. */
export const probed = (to: Endpoint, name: string): Promise<Json> =>
  until(`the first probe of ${name}`, 15_000, async () => {
    const object = (await get(to, name)).body;
    return object.status.conditions ? object : undefined;
  });

/** Waits until two more ticks of the monitor are over, by those of a Cluster that is well. */
export async function twoTicks(to: Endpoint, name: string): Promise<void> {
  const times = new Set<string>();
  await until(`two ticks seen at ${name}`, 15_000, async () => {
    times.add((await get(to, name)).body.status.conditions?.[0]?.lastProbeTime ?? '');
    return times.size > 2 ? true : undefined;
  });
}
