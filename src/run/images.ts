import type { Facts, HostRef, Outcome } from '../catalogue/call.ts';
import type { FrozenStep } from '../graph/frozen.ts';

/** Up to where the images are made. */
export type ImagesGoal = 'build' | 'push';

/** The one argument of imagesRun. Free of secrets: it stands in history. */
export interface ImagesInput {
  goal: ImagesGoal;
  federation: string;
  startedBy: string;
  host: HostRef;
  digest: string;
  /** Value of `spec.distribution`; absent: federation. */
  distribution?: string;
  /** Frozen steps of the catalogue, in the order in which they run. */
  steps: FrozenStep[];
}

/** What came of it. */
export interface ImagesResult {
  steps: { id: string; outcome: Outcome; note: string }[];
  /** Facts by step. */
  facts: Record<string, Facts>;
}

/** Steps of each goal. A build alone asks no registry; a push proves its right before anything is built. */
export const imagesSteps: Record<ImagesGoal, readonly string[]> = {
  build: ['images/binaries', 'images/build'],
  push: ['preflight/images', 'preflight/build', 'images/binaries', 'images/build', 'images/push'],
};

/** One federation's images, one run at a time. */
export const imagesWorkflowIdOf = (federation: string): string => `images/${federation}`;

/** Such a run as Markdown, for the current details in the Temporal UI. `now`: the step it works on; absent: it is over. */
export function imagesDetails(input: ImagesInput, result: ImagesResult, now?: FrozenStep): string {
  const { goal, federation, steps } = input;
  const done = new Map(result.steps.map(({ id, outcome, note }) => [id, note ? `${outcome}, ${note}` : outcome]));
  const rows = steps.map(({ id }) => `| ${id} | ${done.get(id) ?? (id === now?.id ? '▶' : '·')} |`);
  return [
    `**images ${goal} ${federation}: ${now ? 'running' : 'completed'}**`,
    '',
    '| step | |',
    '| --- | --- |',
    ...rows,
  ].join('\n');
}
