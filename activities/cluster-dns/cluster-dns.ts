import { controllerOf, dnsConfigMap } from '../../src/cluster-dns/shapes.ts';
import { configMapToRestore, patchToRestoreFlag } from '../../src/cluster-dns/edits.ts';
import { entryOf, saysAlready } from '../../src/cluster-dns/configured.ts';
import { corefileToRestore } from '../../src/cluster-dns/corefile-edits.ts';
import type { CallOf, ResultOf, UndoCallOf } from '../../src/catalogue/call-of.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';
import { editOf, reconciledBy, stubNote } from './edit.ts';
import type { Deps } from '../core/deps.ts';
import { ledgerPods, podsOf, stalePods } from './pods.ts';
import { failure } from '../kit/fail.ts';
import { forget, type LedgerEntry, recordUid, undoableEntries } from '../core/ledger.ts';
import { type MemberDns, readClusterDns } from './member-dns.ts';
import { removeAndWait } from '../core/objects.ts';
import { type StepScope, undoing, writing } from '../core/step.ts';

type ClusterDns = 'clusters/{cluster}/cluster-dns';
type Call = CallOf<ClusterDns>;
/** What telling needs of a call: the step that recycles has it too. */
export type TellCall = Pick<Call, 'waitMs' | 'parked'> & { input: Pick<Call['input'], 'cluster' | 'spec'> };
type Result = ResultOf<ClusterDns>;

/**
 * Adds `<federation>=<domain>` to what the member's cluster DNS reads; other federations stay. The pods that serve now
 * are ledgered before the edit, and told in the facts as long as they live: they do not have the configuration.
 * Throws CLUSTER_DNS_ABSENT, _AMBIGUOUS, _UNKNOWN; CONFLICT when somebody else writes at the same moment.
 */
export async function ensureClusterDns(scope: StepScope, call: TellCall): Promise<Result> {
  const { cluster, spec } = call.input;
  if (cluster.clusterDns === 'skip' || !spec.dns) {
    return {
      outcome: 'kept',
      note: 'left as it is: clusterDns is skip',
      facts: { shape: 'skip', changed: false, pods: [] },
    };
  }
  const member = await scope.member();
  const dns = await readClusterDns(member);
  if ('code' in dns)
    throw failure(dns.code, `${cluster.name}: ${dns.message}`, { cluster: cluster.name, server: member.server });
  const wanted = entryOf(scope.run.federation, spec.dns);
  const edit = editOf(scope, dns, wanted);
  const pods = await podsOf(member, dns.controller);
  if (edit) {
    await ledgerPods(scope, pods, [{ ...edit.entry, uid: edit.target.metadata.uid ?? '' }]);
    await recordUid(scope, edit.entry, (await edit.write(member)).metadata.uid ?? '');
  }
  const stale = await stalePods(scope, pods);
  const notes = [edit && reconciledBy(edit.target), stubNote(scope, dns, wanted)].filter((one) => one !== undefined);
  return {
    outcome: edit ? 'updated' : 'kept',
    ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
    facts: { shape: dns.shape, changed: stale.length > 0, pods: stale },
  };
}

/** True when the cluster DNS names the federation as the spec has it. */
export const isTold = (scope: StepScope, dns: MemberDns, { input }: TellCall): boolean =>
  !input.spec.dns || saysAlready(dns, entryOf(scope.run.federation, input.spec.dns));

/** Gives every object of these entries its former setting back; the entries stay. */
export async function takeBack(
  scope: StepScope,
  call: TellCall,
  given: { member: Kube; entries: readonly LedgerEntry[]; dns: MemberDns | undefined },
): Promise<void> {
  const { member, entries, dns } = given;
  for (const entry of entries) await restore(scope, call, { member, entry, dns });
}

/**
 * Undo: gives every object that the ledger names its former setting back, or, where somebody changed it since, takes
 * only our part out. The serving pods are ledgered before, as for the edit, and recycle replaces them.
 */
async function restoreClusterDns(scope: StepScope, call: UndoCallOf<ClusterDns>): Promise<Result> {
  const entries = (await undoableEntries(scope)).filter(({ kind }) => kind !== 'Pod');
  const nothing = { shape: 'none', changed: false, pods: [] };
  if (entries.length === 0) return { outcome: 'removed', facts: nothing };
  const member = await scope.member();
  const dns = await readClusterDns(member);
  for (const entry of entries) {
    await takeBack(scope, call, { member, entries: [entry], dns: 'code' in dns ? undefined : dns });
    await forget(scope, entry);
  }
  if ('code' in dns) return { outcome: 'removed', note: dns.message, facts: nothing };
  const stale = await stalePods(scope, await podsOf(member, dns.controller));
  return { outcome: 'removed', facts: { shape: dns.shape, changed: stale.length > 0, pods: stale } };
}

async function restore(
  scope: StepScope,
  call: TellCall,
  { member, entry, dns }: { member: Kube; entry: LedgerEntry; dns: MemberDns | undefined },
): Promise<void> {
  const ref = { apiVersion: entry.apiVersion ?? 'v1', kind: entry.kind, name: entry.name, namespace: entry.namespace };
  const found = await member.read(ref);
  const corefileKey = dns?.shape === 'coredns/corefile' ? dns.corefile.key : 'Corefile';
  const write = found && restoringWrite(scope, call, { member, ref, found, corefileKey });
  if (!write) return;
  if (dns) await ledgerPods(scope, await podsOf(member, dns.controller));
  await write();
}

/** undefined: nothing of ours is in the object (it was made anew by others, or restored before a crash). */
function restoringWrite(
  scope: StepScope,
  call: TellCall,
  { member, ref, found, corefileKey }: { member: Kube; ref: ObjectRef; found: KubeObject; corefileKey: string },
): (() => Promise<unknown>) | undefined {
  const { federation } = scope.run;
  if (ref.kind === 'ConfigMap' && ref.name !== dnsConfigMap.name) {
    const change = corefileToRestore(found, corefileKey, federation);
    return change && (() => member.mergePatch(ref, change.patch));
  }
  if (ref.kind === 'ConfigMap') {
    const change = configMapToRestore(found, federation);
    if (!change) return undefined;
    if ('remove' in change) return () => removeAndWait(member, call, ref, found.metadata.uid ?? '');
    return () => member.mergePatch(ref, change.patch);
  }
  const holder = controllerOf(found, ref.kind === 'Deployment' ? 'Deployment' : 'ReplicationController');
  const patch = holder && patchToRestoreFlag(holder, federation);
  return patch && (() => member.jsonPatch(ref, patch));
}

/** Steps that tell a member's cluster DNS about the federation. */
export const clusterDnsActivities = (deps: Deps) => ({
  ensureClusterDns: writing<ClusterDns>(deps, ensureClusterDns),
  restoreClusterDns: undoing<ClusterDns, Result>(deps, restoreClusterDns),
});
