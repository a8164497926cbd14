import { type Contexts, contextsIn, kubeconfigFiles } from '../../files/kubeconfig.ts';

/**
 * Contexts of the operator's kubeconfig files, each once, in their order; the first file that names a current one
 * decides, as with kubectl. A file that is not there, cannot be read or is no kubeconfig has none: they are only
 * offered, and the worker's kubeconfig is the one that counts.
 */
export async function readContexts(env: NodeJS.ProcessEnv): Promise<Contexts> {
  const none: Contexts = { names: [], current: undefined };
  const found = await Promise.all(kubeconfigFiles(env).map((file) => contextsIn(file).catch(() => none)));
  return {
    names: [...new Set(found.flatMap(({ names }) => names))],
    current: found.find(({ current }) => current !== undefined)?.current,
  };
}
