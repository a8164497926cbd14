import { kubeClients } from '../activities/clients/kube/kube.ts';
import { createResolver, type ResolverSettings } from '../activities/clients/dns/resolver.ts';
import type { Deps, Log, RunDirectory } from '../activities/core/deps.ts';

/** `FEDCTL_RESOLVERS`: DNS resolvers in place of the system's, `ip:port` with commas between them. */
const resolversOf = (env: NodeJS.ProcessEnv): ResolverSettings => {
  const servers = (env['FEDCTL_RESOLVERS'] ?? '').split(',').filter((server) => server !== '');
  return servers.length > 0 ? { servers } : {};
};

/**
 * What activities reach the world through: as a worker has it, or the CLI for what it only reads. `requestMs`: what one
 * request to a cluster may take.
 */
export function createDeps(
  settings: { env: NodeJS.ProcessEnv; stateFolder: string; requestMs?: number | undefined },
  of: { runs: RunDirectory; log: Log },
): Deps {
  return {
    kube: kubeClients(settings.env, settings.requestMs),
    resolver: createResolver(resolversOf(settings.env)),
    runs: of.runs,
    log: of.log,
    env: settings.env,
    stateFolder: settings.stateFolder,
  };
}
