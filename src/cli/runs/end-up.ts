import { workflowIdOf } from '../../run/input.ts';
import type { Temporal } from '../../temporal/client.ts';
import type { SpecFile } from '../files/spec-file.ts';
import type { CliError } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { upSentence } from '../views/changed.ts';
import type { Followed } from './follow.ts';
import { writeOperatorFiles } from './operator-files.ts';
import { linkLine } from './tell.ts';

/**
 * What follows a turn-up that ended well: the operator's files, what it came to, and the next commands. Returns why
 * values.yaml was not written, if it was not.
 */
export async function endUp(
  io: Io,
  temporal: Temporal,
  { federation, host, spec }: SpecFile,
  { model, runId }: Followed,
): Promise<CliError | undefined> {
  const { lines, failed } = await writeOperatorFiles(io, host, spec);
  for (const line of [
    upSentence(federation, model),
    ...lines,
    'next:',
    `  kubectl --context=${spec.kubeconfig.context} get clusters`,
    `  kubectl --context=${host.context} --namespace=${host.namespace} get deployments`,
    `  fedctl status ${federation}`,
    ...linkLine(temporal, workflowIdOf(federation), runId),
  ])
    io.note(line);
  return failed;
}
