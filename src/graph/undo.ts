import type { FrozenStep } from './frozen.ts';
import type { DownChoices } from '../catalogue/side-inputs.ts';

/**
 * The undos of frozen steps, as steps of their own under the same ids: what was made last goes first, so each waits
 * for the undos of all that needed it. Undos know what to take away from the ledger, so they use no facts.
 */
export function undoSteps(steps: readonly FrozenStep[], choices: DownChoices): FrozenStep[] {
  return steps.flatMap(({ undo, ...step }) =>
    undo
      ? [
          {
            ...step,
            title: `Undo: ${step.title}`,
            done: `Undone: ${step.title}`,
            activity: undo.activity,
            needs: undo.needs ?? dependents(step.id, steps),
            input: { ...step.input, facts: {}, undo: choices },
            skippable: true,
            repeat: 'repeatable' as const,
          },
        ]
      : [],
  );
}

/**
 * Undoable steps that come (through any chain) after `id`, nearest first: they must be undone before it. A step whose
 * undo has a place of its own comes after what it needs there instead.
 */
function dependents(id: string, steps: readonly FrozenStep[]): string[] {
  const found = new Map<string, FrozenStep>();
  const visit = (of: string): void => {
    for (const step of steps) {
      if (!step.needs.includes(of) || found.has(step.id)) continue;
      found.set(step.id, step);
      visit(step.id);
    }
  };
  visit(id);
  return [...found.values()].flatMap((step) => (step.undo && !step.undo.needs?.includes(id) ? [step.id] : []));
}
