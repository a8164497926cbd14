import { dnsConfigMap, dnsNamespace } from '../../src/cluster-dns/shapes.ts';
import { configMapToAdd, patchToAddFlag } from '../../src/cluster-dns/edits.ts';
import type { Told } from '../../src/cluster-dns/configured.ts';
import type { CorefileEntry } from '../../src/cluster-dns/corefile.ts';
import { corefileToAdd } from '../../src/cluster-dns/corefile-edits.ts';
import { isTaken, stubProblem } from '../../src/cluster-dns/stub-domains.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';
import { failure } from '../kit/fail.ts';
import type { LedgerEntry } from '../core/ledger.ts';
import { configMapNamed, configMapRef, type MemberDns } from './member-dns.ts';
import { entryFor, placeFor, refOf } from '../core/objects.ts';
import { memberOf, type StepScope } from '../core/step.ts';

/** What became of a stub domain that is asked for, where it was not written. A CoreDNS has its `forward`. */
export function stubNote({ run }: StepScope, { shape, configMap }: MemberDns, { stub }: Told): string | undefined {
  if (!stub || shape === 'coredns/corefile') return undefined;
  if (!shape.endsWith('/configmap')) return `no stub domain: this kube-dns reads no ConfigMap`;
  if (!isTaken(configMap, run.federation, stub)) return undefined;
  return `stub domain ${stub.domain} stays as it is: somebody set other servers for it`;
}

/** One write, with the ledger entry that goes before it. */
export interface Edit {
  target: KubeObject;
  entry: LedgerEntry;
  write: (member: Kube) => Promise<KubeObject>;
}

/** undefined: the federation is there already. Never server-side apply: the objects belong to others. */
export function editOf(scope: StepScope, dns: MemberDns, entry: Told): Edit | undefined {
  if (dns.shape === 'coredns/corefile') return corefileEdit(scope, dns, entry);
  const { shape, controller, place, configMap } = dns;
  const noted = (ref: ObjectRef, origin: LedgerEntry['origin']) =>
    entryFor(scope, placeFor(scope, 'member'), ref, origin);
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
  const problem = entry.stub && stubProblem(configMap);
  if (problem) throw unknownDns(scope, `ConfigMap ${dnsConfigMap.name}: ${problem}`);
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
    throw unknownDns(scope, `ConfigMap ${corefile.name}, key ${corefile.key}: ${change.problem}`);
  }
  const ref = configMapNamed(corefile.name);
  return {
    target,
    entry: entryFor(scope, placeFor(scope, 'member'), ref, 'changed'),
    write: (member) => member.mergePatch(ref, change.patch),
  };
}

function unknownDns(scope: StepScope, why: string): Error {
  const { name } = memberOf(scope);
  return failure('CLUSTER_DNS_UNKNOWN', `${name}: ${why}`, { cluster: name });
}

/** The addon manager of old clusters puts a Reconcile object back within a minute. */
export function reconciledBy({ kind, metadata }: KubeObject): string | undefined {
  if (metadata.labels?.['addonmanager.kubernetes.io/mode'] !== 'Reconcile') return undefined;
  return `${kind} ${metadata.name} is reconciled by the member's addon manager, which may undo this: edit its manifest too`;
}
