import type { Facts } from '../catalogue/call.ts';
import type { FrozenInput, FrozenStep, FrozenUndo } from './frozen.ts';

/**
 * A step's input with its facts filled in from the results so far.
 * Throws an Error when a step that is not optional told nothing: then it was started too early, a bug.
 */
export function fillInput(step: FrozenStep, results: Readonly<Record<string, Facts>>): object {
  const facts: Record<string, Facts[string] | undefined> = {};
  for (const [name, ref] of Object.entries(step.input.facts)) {
    const value = results[ref.from]?.[ref.field];
    if (value === undefined && !ref.optional)
      throw new Error(`step ${step.id} uses ${ref.from}.${ref.field}, which is not known`);
    facts[name] = value;
  }
  return { ...step.input, facts };
}

const inName = (text: string, cluster: string): string => text.replaceAll('{cluster}', cluster);

/** The steps of one member: the template with its name in ids and references, and its entry of the spec as `cluster`. */
export function expandTemplate(template: readonly FrozenStep[], cluster: { name: string }): FrozenStep[] {
  return template.map((step) => ({
    ...step,
    id: inName(step.id, cluster.name),
    needs: step.needs.map((need) => inName(need, cluster.name)),
    ...(step.undo ? { undo: expandUndo(step.undo, cluster.name) } : {}),
    input: expandInput(step.input, cluster),
  }));
}

const expandUndo = ({ activity, needs }: FrozenUndo, cluster: string): FrozenUndo => ({
  activity,
  ...(needs ? { needs: needs.map((need) => inName(need, cluster)) } : {}),
});

function expandInput(input: FrozenInput, cluster: { name: string }): FrozenInput {
  const facts = Object.entries(input.facts).map(([name, ref]) => [
    name,
    { ...ref, from: inName(ref.from, cluster.name) },
  ]);
  return { ...input, facts: Object.fromEntries(facts), cluster };
}
