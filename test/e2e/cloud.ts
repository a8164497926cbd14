import type { Operator } from './world.ts';

/** Tells the sandbox's cloud what to do; `undefined` is what it does by itself. */
export async function tellCloud(
  operator: Operator,
  wishes: { loadBalancers?: string; volumes?: string } | undefined,
): Promise<void> {
  const name = ['configmap', 'sandbox-cloud', '-n', 'kube-system'];
  await operator.kubectl('host', 'delete', ...name, '--ignore-not-found');
  if (!wishes) return;
  const literals = Object.entries(wishes).map(([key, value]) => `--from-literal=${key}=${value}`);
  await operator.kubectl('host', 'create', 'configmap', 'sandbox-cloud', '-n', 'kube-system', ...literals);
}
