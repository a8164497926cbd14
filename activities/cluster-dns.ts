import {
  controllerOf,
  dnsConfigMap,
  type DnsController,
  dnsNamespace,
  findClusterDns,
  type FoundDns,
} from '../src/plan/cluster-dns.ts';
import {
  configMapToAdd,
  configMapToRestore,
  patchToAddFlag,
  patchToRestoreFlag,
} from '../src/plan/cluster-dns-edits.ts';
import { saysAlready } from '../src/plan/cluster-dns-told.ts';
import type { CorefileEntry } from '../src/plan/corefile.ts';
import { corefileToAdd, corefileToRestore } from '../src/plan/corefile-edits.ts';
import type { CallOf, ResultOf } from '../src/plan/call-of.ts';
import type { Kube, KubeObject, ObjectRef } from './clients/kube-port.ts';
import type { Deps } from './deps.ts';
import { ledgerPods, podsOf, stalePods } from './dns-pods.ts';
import { failure } from './fail.ts';
import { forget, type LedgerEntry, recordIntent, recordUid, undoableEntries } from './ledger.ts';
import { memberOf } from './members.ts';
import { entryFor, refOf, removeAndWait } from './objects.ts';
import { type StepScope, writing } from './step.ts';

type ClusterDns = 'clusters/{cluster}/cluster-dns';
type Call = CallOf<ClusterDns>;
/** What telling needs of a call: the step that recycles has it too. */
export type TellCall = Pick<Call, 'waitMs' | 'parked'> & { input: Pick<Call['input'], 'cluster' | 'spec'> };
type Result = ResultOf<ClusterDns>;

const configMapNamed = (name: string): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  namespace: dnsNamespace,
});
const configMapRef = configMapNamed(dnsConfigMap.name);

type Found = Extract<FoundDns, { controller: DnsController }>;
/** What a member runs as cluster DNS, with the ConfigMap that it reads. */
export type MemberDns = Found & { configMap: KubeObject | undefined };

/** Reads the cluster DNS of a member, or the named condition that keeps fedctl from telling it anything. */
export async function readClusterDns(member: Kube): Promise<MemberDns | Extract<FoundDns, { code: string }>> {
  const [replicationControllers, deployments, configMap] = await Promise.all([
    member.list({ apiVersion: 'v1', kind: 'ReplicationController', namespace: dnsNamespace }),
    member.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: dnsNamespace }),
    member.read(configMapRef),
  ]);
  const found = findClusterDns({ replicationControllers, deployments, configMap: configMap !== undefined });
  if ('code' in found) return found;
  if (found.shape !== 'coredns/corefile') return { ...found, configMap };
  const corefile = await member.read(configMapNamed(found.corefile.name));
  if (corefile) return { ...found, configMap: corefile };
  const { name } = found.controller.object.metadata;
  return {
    code: 'CLUSTER_DNS_UNKNOWN',
    message: `ConfigMap ${found.corefile.name} of Deployment ${name} is not there`,
  };
}

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
  const edit = editOf(scope, dns, entryOf(scope, spec.dns));
  const pods = await podsOf(member, dns.controller);
  if (edit) {
    await ledgerPods(scope, pods);
    await recordIntent(scope, edit.entry);
    await recordUid(scope, edit.entry, (await edit.write(member)).metadata.uid ?? '');
  }
  const stale = await stalePods(scope, pods);
  const note = edit ? reconciledBy(edit.target) : undefined;
  return {
    outcome: edit ? 'updated' : 'kept',
    ...(note ? { note } : {}),
    facts: { shape: dns.shape, changed: stale.length > 0, pods: stale },
  };
}

const entryOf = (scope: StepScope, dns: NonNullable<Call['input']['spec']['dns']>): Omit<CorefileEntry, 'dialect'> => ({
  federation: scope.run.federation,
  domain: dns.domain,
  resolvers: dns.resolvers,
});

/** True when the cluster DNS names the federation as the spec has it. */
export const isTold = (scope: StepScope, dns: MemberDns, { input }: TellCall): boolean =>
  !input.spec.dns || saysAlready(dns, entryOf(scope, input.spec.dns));

/** Gives every object of these entries its former setting back; the entries stay. */
export async function takeBack(
  scope: StepScope,
  call: TellCall,
  given: { member: Kube; entries: readonly LedgerEntry[]; dns: MemberDns | undefined },
): Promise<void> {
  const { member, entries, dns } = given;
  for (const entry of entries) await restore(scope, call, { member, entry, dns });
}

/** One write, with the ledger entry that goes before it. */
interface Edit {
  target: KubeObject;
  entry: LedgerEntry;
  write: (member: Kube) => Promise<KubeObject>;
}

/** undefined: the federation is there already. Never server-side apply: the objects belong to others. */
function editOf(scope: StepScope, dns: MemberDns, entry: Omit<CorefileEntry, 'dialect'>): Edit | undefined {
  if (dns.shape === 'coredns/corefile') return corefileEdit(scope, dns, entry);
  const { shape, controller, place, configMap } = dns;
  const noted = (ref: ObjectRef, origin: LedgerEntry['origin']) => entryFor(scope, memberOf(scope).name, ref, origin);
  if (!shape.endsWith('/configmap')) {
    const patch = patchToAddFlag(controller, place, entry);
    const ref = refOf(controller.object);
    return (
      patch && {
        target: controller.object,
        entry: noted(ref, 'changed'),
        write: (member) => member.jsonPatch(ref, patch),
      }
    );
  }
  const change = configMapToAdd(configMap, dnsNamespace, entry);
  if (!change) return undefined;
  if ('create' in change) {
    return {
      target: change.create,
      entry: noted(configMapRef, 'created'),
      write: (member) => member.create(change.create),
    };
  }
  const target = configMap as KubeObject;
  return {
    target,
    entry: noted(configMapRef, 'changed'),
    write: (member) => member.mergePatch(configMapRef, change.patch),
  };
}

function corefileEdit(
  scope: StepScope,
  { corefile, configMap }: Extract<MemberDns, { shape: 'coredns/corefile' }>,
  entry: Omit<CorefileEntry, 'dialect'>,
): Edit | undefined {
  const target = configMap as KubeObject;
  const resolvers = corefile.forwards ? entry.resolvers : [];
  const change = corefileToAdd(target, corefile, { ...entry, resolvers, dialect: corefile.dialect });
  if (!change) return undefined;
  if ('problem' in change) {
    const { name } = memberOf(scope);
    const message = `${name}: ConfigMap ${corefile.name}, key ${corefile.key}: ${change.problem}`;
    throw failure('CLUSTER_DNS_UNKNOWN', message, { cluster: name });
  }
  const ref = configMapNamed(corefile.name);
  return {
    target,
    entry: entryFor(scope, memberOf(scope).name, ref, 'changed'),
    write: (member) => member.mergePatch(ref, change.patch),
  };
}

/** The addon manager of old clusters puts a Reconcile object back within a minute. */
function reconciledBy({ kind, metadata }: KubeObject): string | undefined {
  if (metadata.labels?.['addonmanager.kubernetes.io/mode'] !== 'Reconcile') return undefined;
  return `${kind} ${metadata.name} is reconciled by the member's addon manager, which may undo this: edit its manifest too`;
}

/**
 * Undo: gives every object that the ledger names its former setting back, or, where somebody changed it since, takes
 * only our part out. The serving pods are ledgered before, as for the edit, and recycle replaces them.
 */
async function restoreClusterDns(scope: StepScope, call: Call): Promise<Result> {
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
  restoreClusterDns: writing<ClusterDns>(deps, restoreClusterDns),
});
