import { join } from 'node:path';
import { run } from '../run.ts';
import type { Settings } from '../settings.ts';

/** Runs kubectl against the cluster of a kubeconfig; answers what it printed. Its cache ends with the sandbox. */
export function kubectl(
  { programs, layout }: Settings,
  kubeconfig: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const env = { ...process.env, KUBECACHEDIR: join(layout.state, 'kubectl-cache') };
  const argv = [programs['kubectl'] ?? 'kubectl', `--kubeconfig=${kubeconfig}`, ...args];
  return run(argv, { env, ...(input === undefined ? {} : { input }) });
}

/** Applies objects to the cluster of a kubeconfig. */
export async function applyObjects(settings: Settings, kubeconfig: string, objects: readonly object[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  await kubectl(settings, kubeconfig, ['apply', '--server-side', '-f', '-'], list);
}
