import { type NeededImage, neededImages } from '../../plan/image-list.ts';
import { freezeUp } from '../../graph/freeze.ts';
import { fillInput } from '../../graph/refs.ts';
import type { Io } from '../io/io.ts';
import { readFailure } from '../io/read-failure.ts';
import { contextOf } from './run-checks.ts';
import type { SpecFile } from '../files/spec-file.ts';

/**
 * Every image of a turn-up, pinned as it would pin it now: by the check of its preflight, in this process. What is to be
 * built has no digest yet and stays as it is, and so do all where the distribution has no such check. Throws CliError for
 * an image that cannot be had.
 */
export async function resolvedImages(io: Io, file: SpecFile): Promise<NeededImage[]> {
  const { openLocal } = await import('../../../worker/local.ts');
  const step = freezeUp(file.spec).steps.find(({ id }) => id === 'preflight/images');
  if (!step) return neededImages(file.spec);
  const call = { step: step.id, run: contextOf(file), parked: false, waitMs: 0, input: fillInput(step, {}) };
  const { facts } = await openLocal(io.env)
    .read(step, call)
    .catch((error: unknown) => {
      throw readFailure(error);
    });
  const resolved = neededImages(file.spec).map((needed) => {
    const [user = ''] = needed.usedBy;
    const found = facts[needed.built ? 'there' : user];
    return typeof found === 'string' && found !== '' ? { ...needed, image: found } : needed;
  });
  for (const { image, built } of resolved) if (built) io.note(`note: ${image} is built by the run`);
  return resolved;
}
