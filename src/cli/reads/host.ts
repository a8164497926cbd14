import type { HostRef } from '../../catalogue/call.ts';
import { workflowIdOf } from '../../run/input.ts';
import { usageError } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { hostAmong, type Target } from './target.ts';

/**
 * The host cluster of a federation: as said, else as its last run's memo has it, else the current context of this
 * machine's kubeconfig. Throws usageError when none of them is there.
 */
export async function hostOfTarget(io: Io, target: Target): Promise<HostRef> {
  const host = hostAmong(target, target.host ?? (await hostOfRun(io, target.federation)));
  if (host) return host;
  const { openLocal } = await import('../../../worker/local.ts');
  const current = await openLocal(io.env).currentHost(target.flags);
  if (!current)
    throw usageError(`where is the host cluster of ${target.federation}?`, ['name it: --context, or -f FILE']);
  return current;
}

/** The host in the memo of the latest run; undefined when Temporal does not answer or knows none. */
async function hostOfRun(io: Io, federation: string): Promise<HostRef | undefined> {
  const [{ connectTemporal }, { observeRun }] = await Promise.all([
    import('../../temporal/client.ts'),
    import('./observe.ts'),
  ]);
  try {
    const temporal = await connectTemporal(io.env);
    return (await observeRun(temporal, workflowIdOf(federation)))?.memo.host;
  } catch {
    return undefined;
  }
}
