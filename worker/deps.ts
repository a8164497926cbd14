import { kubeClients } from '../activities/clients/kube.ts';
import { createResolver } from '../activities/clients/resolver.ts';
import type { Deps, Log, RunDirectory } from '../activities/deps.ts';

/** What activities reach the world through: as a worker has it, or the CLI for what it only reads. */
export function createDeps(
  settings: { env: NodeJS.ProcessEnv; stateFolder: string },
  of: { runs: RunDirectory; log: Log },
): Deps {
  return {
    kube: kubeClients(settings.env),
    resolver: createResolver(),
    runs: of.runs,
    log: of.log,
    env: settings.env,
    stateFolder: settings.stateFolder,
  };
}
