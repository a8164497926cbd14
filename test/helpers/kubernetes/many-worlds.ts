import type { StepCall } from '../../../src/catalogue/call.ts';
import type { FakeWorld } from '../temporal/fake-activities.ts';

type Activity = (call: StepCall) => Promise<unknown>;

/** Activities that act in the world of their run's federation, so that one pair of workers serves many runs at once. */
export function manyWorlds(worldOf: (federation: string) => FakeWorld | undefined, names: FakeWorld) {
  const act = (name: string): Activity => {
    return (call) => {
      const activity = worldOf(call.run.federation)?.activities()[name];
      if (!activity) throw new Error(`no world of ${call.run.federation}`);
      return activity(call);
    };
  };
  return Object.fromEntries(Object.keys(names.activities()).map((name) => [name, act(name)]));
}

/** Runs work on all items, at most `atOnce` at a time, and keeps their order. */
export async function inParallel<I, O>(
  items: readonly I[],
  atOnce: number,
  work: (item: I) => Promise<O>,
): Promise<O[]> {
  const results: O[] = [];
  const next = [...items.entries()];
  const lane = async (): Promise<void> => {
    for (let entry = next.shift(); entry; entry = next.shift()) results[entry[0]] = await work(entry[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
