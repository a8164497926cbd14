import type { SpecPart } from '../part.ts';
import type { Parts } from '../parts.ts';
import type { Finding } from '../problem.ts';
import type { Spec } from '../schema.ts';

/** Patches of objects that the distribution does not make: they would do nothing. */
export const patchesRules = ({ spec }: Parts, part: Pick<SpecPart, 'patchTargets'>): Finding[] =>
  (spec.patches ?? []).flatMap((patch, index) => patchRules(patch, index, part));

function patchRules(
  patch: Spec['patches'][number],
  index: number,
  { patchTargets }: Pick<SpecPart, 'patchTargets'>,
): Finding[] {
  const { apiVersion, kind, metadata } = patch;
  const fits = patchTargets.some(
    (target) => target.apiVersion === apiVersion && target.kind === kind && target.name === metadata.name,
  );
  if (fits) return [];
  const targets = patchTargets.map((target) => `${target.apiVersion} ${target.kind} ${target.name}`);
  return [
    {
      path: ['spec', 'patches', index],
      message: `${apiVersion} ${kind} ${metadata.name} is not an object that fedctl creates`,
      hint: `it makes ${targets.join(', ')}`,
    },
  ];
}
