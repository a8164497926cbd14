import { run } from '../run.ts';
import type { Settings } from '../settings.ts';

/** Applies objects to the cluster of a kubeconfig. */
export const applyObjects = async (
  { programs }: Settings,
  kubeconfig: string,
  objects: readonly object[],
): Promise<void> => {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  const argv = [programs['kubectl'] ?? 'kubectl', `--kubeconfig=${kubeconfig}`, 'apply', '--server-side', '-f', '-'];
  await run(argv, { input: JSON.stringify(list) });
};

/** Runs kubectl against the cluster of a kubeconfig; answers what it printed. */
export const kubectl = ({ programs }: Settings, kubeconfig: string, ...args: string[]): Promise<string> =>
  run([programs['kubectl'] ?? 'kubectl', `--kubeconfig=${kubeconfig}`, ...args]);
