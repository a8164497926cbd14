import type { HostRef } from '../plan/call.ts';
import { workflowIdOf } from '../run/input.ts';
import type { Temporal } from './client.ts';
import { refusal } from './exit.ts';
import type { Io } from './io.ts';
import { observeRun } from './observe.ts';

/**
 * Whether a federation was taken down before, so that nothing is left to do. False: there is something, or an open run,
 * or the host cannot be asked from here. Throws refusal (exit 7) for a name that neither host nor Temporal know.
 */
export async function isDownAlready(io: Io, temporal: Temporal, federation: string, host: HostRef): Promise<boolean> {
  const last = await observeRun(temporal, workflowIdOf(federation));
  if (last?.execution === 'RUNNING') return false;
  const { openLocal } = await import('../../worker/local.ts');
  const record = await openLocal(io.env)
    .record(host)
    .catch(() => 'unknown' as const);
  if (record === 'unknown' || record?.federation === federation) return false;
  if (last?.memo.operation === 'down' && last.execution === 'COMPLETED') return true;
  const there = record ? `; the federation there is ${record.federation}` : '';
  throw refusal(`no federation ${federation} in namespace ${host.namespace} of context ${host.context}${there}`, [
    'name its host cluster: --context and -n, or -f FILE',
    'see all that are known: fedctl list',
  ]);
}
