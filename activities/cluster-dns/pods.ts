import { codeOf } from '../../src/errors/step-error.ts';
import { type DnsController, dnsNamespace } from '../../src/cluster-dns/shapes.ts';
import type { KubeEvent } from '../../src/kubernetes/events.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { entriesOf, type LedgerEntry, recordUids } from '../core/ledger.ts';
import { entryFor, placeFor } from '../core/objects.ts';
import { memberOf, type StepScope } from '../core/step.ts';

/** A pod, as far as recycling needs it. */
export interface Pod extends KubeObject {
  spec: { nodeName?: string };
  status?: {
    phase?: string;
    conditions?: { type: string; status: string; message?: string }[];
    containerStatuses?: { name: string; state?: { waiting?: { reason?: string; message?: string } } }[];
  };
}

const ended = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** Pods of the controller that live; those on their way out are among them. */
export async function podsOf(member: Kube, { podSelector }: DnsController): Promise<Pod[]> {
  const pods = await member.list<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: dnsNamespace,
    labelSelector: podSelector,
  });
  return pods.filter((pod) => !ended(pod));
}

/** True when the pod answers queries and is to stay. */
export const isServing = (pod: Pod): boolean =>
  !pod.metadata.deletionTimestamp &&
  (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** Why a pod is not Ready, in the words of its containers or conditions. */
export function whyNotReady(pod: Pod): string {
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting;
  if (waiting) return [waiting.reason, waiting.message].filter(Boolean).join(': ');
  const failing = pod.status?.conditions?.find(({ status, message }) => status !== 'True' && message);
  return failing?.message ?? pod.status?.phase ?? 'no status yet';
}

/** Events where the cluster DNS runs. They only explain: without the right to read them a wait goes on without them. */
export async function dnsEvents(member: Kube): Promise<KubeEvent[]> {
  try {
    return (await member.list({ apiVersion: 'v1', kind: 'Event', namespace: dnsNamespace })) as KubeEvent[];
  } catch (error) {
    if (codeOf(error) === 'FORBIDDEN') return [];
    throw error;
  }
}

/** Step id under which the pods of a member stand in its ledger: written by cluster-dns, cleared by recycle. */
export const dnsStepOf = (scope: StepScope): string => `clusters/${memberOf(scope).name}/cluster-dns`;

/**
 * Notes the pods that serve now, before the configuration changes: they alone may be deleted afterwards.
 * A pod that comes between this list and the edit changes the controller's status, and with it the resourceVersion
 * that the edit must meet: then the server answers 409 and all is looked at again. `edited`: entries of what the edit
 * is made in, noted with them.
 */
export async function ledgerPods(
  scope: StepScope,
  pods: readonly Pod[],
  edited: readonly LedgerEntry[] = [],
): Promise<void> {
  const entries = pods.map(({ metadata: { name, uid = '' } }) => {
    const ref = { apiVersion: 'v1', kind: 'Pod', name, namespace: dnsNamespace };
    return { ...entryFor(scope, placeFor(scope, 'member'), ref, 'changed'), uid };
  });
  await recordUids(scope, [...entries, ...edited]);
}

/** Ledger entries of pods that ran before an edit. */
export const podEntries = async (scope: StepScope): Promise<LedgerEntry[]> =>
  (await entriesOf(scope, dnsStepOf(scope))).filter(({ kind }) => kind === 'Pod');

/** UIDs of ledgered pods that still exist: those that do not have the configuration yet. */
export async function stalePods(scope: StepScope, pods: readonly Pod[]): Promise<string[]> {
  const noted = new Set((await podEntries(scope)).map(({ uid }) => uid));
  return pods.map(({ metadata }) => metadata.uid ?? '').filter((uid) => noted.has(uid));
}
