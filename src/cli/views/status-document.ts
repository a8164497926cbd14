import type { Output } from '../io/command.ts';
import type { Io } from '../io/io.ts';
import type { Standing } from '../../status/standing.ts';
import type { StatusModel, StatusStep } from './status-model.ts';

/** The fields of a step that are API; the others serve the terminal. */
function stepDocument(step: StatusStep): object {
  const { id, title, status, attempt, startedAt, finishedAt, nextAttemptAt, detail, error } = step;
  return { id, title, status, attempt, startedAt, finishedAt, nextAttemptAt, detail, error };
}

const standingDocument = (standing: Standing): object => ({
  ...standing,
  components: standing.components.map(({ hasAddress: _hasAddress, ...component }) => component),
});

/**
 * The document of `-o json` and `-o yaml` for a picture of a run: its fields are API (test/cli/views/status-document.test.ts).
 * `also` adds what the command itself knows (`up`: `changed`).
 */
export function statusDocument(model: StatusModel, also: { changed?: boolean } = {}): object {
  return {
    ...model,
    phases: model.phases.map((phase) => ({ ...phase, steps: phase.steps.map(stepDocument) })),
    clusters: model.clusters.map((cluster) => ({ ...cluster, steps: cluster.steps.map(stepDocument) })),
    standing: model.standing && standingDocument(model.standing),
    ...also,
  };
}

/** The result of a command that followed a run: its last picture as a document; nothing for people, who saw it. */
export async function printFollowed(
  io: Io,
  output: Output,
  model: StatusModel | undefined,
  also: { changed?: boolean } = {},
): Promise<void> {
  if (!model || (output !== 'json' && output !== 'yaml')) return;
  const { printDocument } = await import('../io/document.ts');
  await printDocument(io, output, statusDocument(model, also), () => []);
}
