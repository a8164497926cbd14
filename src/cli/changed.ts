import { clusterSteps, hostSteps } from '../plan/steps.ts';
import type { StepDefinition } from '../plan/definition.ts';
import { allSteps, type StatusModel } from './status-model.ts';

const catalogue: Readonly<Record<string, StepDefinition>> = { ...hostSteps, ...clusterSteps };

/** Steps of a finished run that made or changed something: `done`, and with something that could be taken away. */
export function changedSteps(model: StatusModel): string[] {
  const makes = (id: string): boolean =>
    catalogue[id.replace(/^clusters\/[^/]+\//, 'clusters/{cluster}/')]?.undo !== undefined;
  return allSteps(model).flatMap((step) => (step.status === 'done' && makes(step.id) ? [step.id] : []));
}
