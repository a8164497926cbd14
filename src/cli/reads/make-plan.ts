import type { PlanToFollow } from '../../catalogue/planned.ts';
import type { Io } from '../io/io.ts';
import { planDocument, type PlanDocument } from '../views/plan-model.ts';
import { readFailure } from '../io/read-failure.ts';
import type { SpecFile } from '../files/spec-file.ts';

/** What a turn-up may do beside what it does anyway. */
export interface PlanFlags {
  prune?: boolean;
  adopt?: boolean;
  takeOwnership?: boolean;
}

/** Plans a turn-up from reads and dry runs in this process. Throws CliError with what kept it from looking. */
export async function makePlan(io: Io, file: SpecFile, how: PlanFlags): Promise<PlanDocument> {
  const { openLocal } = await import('../../../worker/local.ts');
  const { prune = false, adopt = false, takeOwnership = false } = how;
  const flags = { prune, adopt, takeOwnership };
  try {
    const preview = await openLocal(io.env).preview({ ...file, ...flags });
    return planDocument(preview, { host: file.host, spec: file.spec, flags });
  } catch (error) {
    throw readFailure(error);
  }
}

/** The part of a plan that a run keeps to: without what people read. */
export const toFollow = ({ digest, objects }: PlanDocument): PlanToFollow => ({
  digest,
  objects: objects.map(({ fields: _fields, note: _note, ...object }) => object),
});
