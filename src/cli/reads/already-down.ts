import type { HostRef } from '../../catalogue/call.ts';
import { workflowIdOf } from '../../run/input.ts';
import type { Temporal } from '../../temporal/client.ts';
import { refusal } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { observeRun, type RunMemo } from './observe.ts';

/**
 * The memo of the run that took a federation down before, so that nothing is left to do. Undefined: there is something,
 * or an open run, or the host cannot be asked from here. Throws refusal (exit 7) for a name that neither host nor
 * Temporal know.
 */
export async function downBefore(
  io: Io,
  temporal: Temporal,
  federation: string,
  host: HostRef,
): Promise<RunMemo | undefined> {
  const last = await observeRun(temporal, workflowIdOf(federation));
  if (last?.execution === 'RUNNING') return undefined;
  const { openLocal } = await import('../../../worker/local.ts');
  const local = openLocal(io.env);
  const record = await local.record(host).catch(() => 'unknown' as const);
  if (record === 'unknown' || record?.federation === federation) return undefined;
  if (last?.memo.operation === 'down' && last.execution === 'COMPLETED') return last.memo;
  if (!record && (await local.left(host)) === federation) return undefined;
  const there = record ? `; the federation there is ${record.federation}` : '';
  throw refusal(`no federation ${federation} in namespace ${host.namespace} of context ${host.context}${there}`, [
    'name its host cluster: --context and -n, or -f FILE',
    'see all that are known: fedctl list',
  ]);
}
