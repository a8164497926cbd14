import type { HostRef } from '../../catalogue/call.ts';
import type { Temporal } from '../../temporal/client.ts';
import { CliError, exit } from '../io/exit.ts';
import type { Io } from '../io/io.ts';

/**
 * Looks, before a run is started, whether the host cluster has another federation in this namespace, or an operator
 * with another Temporal server holds this one. Without access to the host nothing is known here; the run looks again
 * before it writes. Throws refusal (exit 7) with the ways out; nothing is touched.
 */
export async function assertFree(
  io: Io,
  temporal: Temporal,
  asked: { federation: string; host: HostRef; takeOver: boolean },
): Promise<void> {
  const { federation, host } = asked;
  const { openLocal } = await import('../../../worker/local.ts');
  const found = await openLocal(io.env)
    .lock(host)
    .catch(() => undefined);
  if (!found) return;
  const { record, owner } = found;
  if (record && record.federation !== federation) {
    throw refused('RECORD_OTHER', `namespace ${host.namespace} holds federation ${record.federation} already`, [
      'choose another spec.host.namespace',
      `or turn that one down first: fedctl down ${record.federation}`,
    ]);
  }
  if (!owner || asked.takeOver || owner.temporalNamespace === (await namespaceUuid(temporal))) return;
  if (owner.heldUntil !== null && Date.now() > Date.parse(owner.heldUntil)) return;
  throw refused(
    'OWNED_ELSEWHERE',
    `${federation} is owned by ${owner.holder}, with another Temporal server (run ${owner.workflowId}, last seen ${owner.renewTime})`,
    [
      'use that server: TEMPORAL_ADDRESS, or TEMPORAL_PROFILE',
      'if that server or its database is gone for good: the same command with --take-over',
      ...(owner.heldUntil ? [`or as it is after ${owner.heldUntil}: its run renews the Lease until it is gone`] : []),
    ],
  );
}

const refused = (code: string, message: string, fix: string[]): CliError =>
  new CliError(exit.refused, message, fix, { code });

async function namespaceUuid({ connection, namespace }: Temporal): Promise<string> {
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
  return namespaceInfo?.id ?? '';
}
