import type { StepDefinition } from './definition.ts';
import type { FrozenStep } from './frozen.ts';
import type { DownChoices } from './graph.ts';

/**
 * The undos of frozen steps, as steps of their own under the same ids: what was made last goes first, so each waits
 * for the undos of all that needed it. Undos know what to take away from the ledger, so they use no facts.
 */
export function undoSteps(
  steps: readonly FrozenStep[],
  catalogue: Readonly<Record<string, StepDefinition>>,
  choices: DownChoices,
): FrozenStep[] {
  const undoable = steps.filter((step) => catalogue[step.id]?.undo !== undefined);
  return undoable.map((step) => {
    const definition = catalogue[step.id] as StepDefinition;
    return {
      ...step,
      title: `Undo: ${step.title}`,
      done: `Undone: ${step.title}`,
      activity: definition.undo as string,
      needs: definition.undoNeeds ? [...definition.undoNeeds] : dependents(step.id, steps, catalogue),
      input: { ...step.input, facts: {}, undo: choices },
      skippable: true,
      repeat: 'repeatable' as const,
    };
  });
}

/**
 * Undoable steps that come (through any chain) after `id`, nearest first: they must be undone before it. A step whose
 * place is given by `undoNeeds` comes after what it needs there instead.
 */
function dependents(
  id: string,
  steps: readonly FrozenStep[],
  catalogue: Readonly<Record<string, StepDefinition>>,
): string[] {
  const found = new Set<string>();
  const visit = (of: string): void => {
    for (const step of steps) {
      if (!step.needs.includes(of) || found.has(step.id)) continue;
      found.add(step.id);
      visit(step.id);
    }
  };
  visit(id);
  return [...found].filter((other) => {
    const definition = catalogue[other];
    return definition?.undo !== undefined && !definition.undoNeeds?.includes(id);
  });
}
