import { memberWorkflowIdOf, workflowIdOf } from '../../run/input.ts';

/** The workflow that owns a step: a member's steps belong to its child, all others to the run itself. */
export function ownerOf(federation: string, step: string): string {
  const member = /^clusters\/([^/]+)\/./.exec(step)?.[1];
  return member ? memberWorkflowIdOf(federation, member) : workflowIdOf(federation);
}

/** Steps by the workflow that owns them; no steps: the run itself, which wakes its members too. */
export function byOwner(federation: string, steps: readonly string[]): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  if (steps.length === 0) owners.set(workflowIdOf(federation), []);
  for (const step of steps) {
    const owner = ownerOf(federation, step);
    owners.set(owner, [...(owners.get(owner) ?? []), step]);
  }
  return owners;
}
