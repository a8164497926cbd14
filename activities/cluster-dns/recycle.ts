import { codeOf } from '../../src/errors/step-error.ts';
import type { ErrorData } from '../../src/errors/codes.ts';
import type { CallOf, ResultOf, UndoCallOf } from '../../src/catalogue/call-of.ts';
import { type DnsController, dnsNamespace } from '../../src/cluster-dns/shapes.ts';
import { conditionOf } from '../../src/kubernetes/conditions.ts';
import { type KubeEvent, warningOf } from '../../src/kubernetes/events.ts';
import { ensureClusterDns, isTold, takeBack } from './cluster-dns.ts';
import type { Deps } from '../core/deps.ts';
import { dnsEvents, dnsStepOf, isServing, type Pod, podEntries, podsOf, whyNotReady } from './pods.ts';
import { proveClusterDns } from './proof.ts';
import { failure } from '../kit/fail.ts';
import { entriesOf, forget } from '../core/ledger.ts';
import { lower, surge, type Surging } from './surge.ts';
import { type MemberDns, readClusterDns } from './member-dns.ts';
import { asOwner, type StepScope } from '../core/step.ts';
import { type ProbeResult, waitUntil } from '../kit/wait.ts';

type Recycle = 'clusters/{cluster}/recycle';
/** It is the undo of itself, too. */
type Call = CallOf<Recycle> | UndoCallOf<Recycle>;
const notReady = 'CLUSTER_DNS_NOT_READY';

/**
 * Replaces exactly the pods that the ledger knows from before the edit, one by one: the next one goes only when all
 * pods that should serve do. What to do is read from the cluster at each look, so a crash in between loses nothing.
 * Undo of itself: after a restore the ledger names the pods to replace. When the new pods do not become Ready, the
 * former configuration comes back; a retry configures the cluster DNS again. Throws CLUSTER_DNS_NOT_READY;
 * CLUSTER_DNS_NOT_TOLD when new pods do not use the new configuration.
 */
async function recycleClusterDns(scope: StepScope, call: Call): Promise<ResultOf<Recycle>> {
  if ((await podEntries(scope)).length === 0) return { outcome: 'kept', facts: {} };
  const member = await scope.member();
  const dns = await readClusterDns(member);
  if ('code' in dns) {
    // Nothing serves any more: the pods of before are gone with their controller.
    await forget(scope, ...(await podEntries(scope)));
    return { outcome: 'kept', note: dns.message, facts: {} };
  }
  const undoing = 'undo' in call.input;
  const data = { cluster: call.input.cluster.name, server: member.server, selector: dns.controller.podSelector };
  if (!undoing) await tellAgain(scope, call, dns, data);
  const entries = await podEntries(scope);
  const recycling = {
    surging: { scope, member, waitMs: call.waitMs },
    old: uidsOf(entries),
    served: new Set<string>(),
  };
  try {
    await waitUntil(call, notReady, () => step(recycling), { data });
  } catch (error) {
    if (undoing || codeOf(error) !== notReady) throw error;
    await rollBack(scope, call, recycling);
    throw failure(
      notReady,
      `${(error as Error).message}; the former configuration is restored, until the step is retried`,
      data,
    );
  }
  const { cluster, spec } = call.input;
  const proof =
    undoing || !spec.dns
      ? []
      : [await proveClusterDns(scope, member, { cluster: cluster.name, domain: spec.dns.domain })];
  // Last: as long as pods stand in the ledger, whoever comes next looks for a pod more to put back.
  await forget(scope, ...entries);
  return { outcome: 'done', note: [said(entries.length, recycling.surging), ...proof].join('; '), facts: {} };
}

/** One attempt at replacing pods. */
interface Recycling {
  surging: Surging;
  /** UIDs of the pods to replace. */
  old: ReadonlySet<string>;
  /** UIDs of those that served at the last look. */
  served: ReadonlySet<string>;
}

const uidsOf = (entries: readonly { uid: string }[]): ReadonlySet<string> => new Set(entries.map(({ uid }) => uid));

function said(count: number, { gaveUp }: Surging): string {
  const replaced = `${count} ${count === 1 ? 'pod' : 'pods'} replaced`;
  return gaveUp === undefined ? replaced : `${replaced}; DNS was interrupted for a moment: ${gaveUp}`;
}

/** The scope under whose step the edit stands in the ledger. */
const tellingScope = (scope: StepScope): StepScope => ({ ...scope, step: dnsStepOf(scope) });

/** After a rollback: the slow looks of a parked step leave the cluster DNS alone; a person's retry tells it again. */
async function tellAgain(scope: StepScope, call: Call, dns: MemberDns, data: ErrorData): Promise<void> {
  if (isTold(scope, dns, call)) return;
  if (call.parked) {
    throw failure(notReady, 'the former configuration is restored, because the new pods did not become Ready', data);
  }
  await ensureClusterDns(tellingScope(scope), call);
}

/** Gives the former configuration back, and with it a working cluster DNS. */
async function rollBack(scope: StepScope, call: Call, { surging, old }: Recycling): Promise<void> {
  const { member } = surging;
  const telling = tellingScope(scope);
  const entries = (await entriesOf(telling, telling.step)).filter(({ kind }) => kind !== 'Pod');
  const dns = await readClusterDns(member);
  const known = 'code' in dns ? undefined : dns;
  await takeBack(telling, call, { member, entries, dns: known });
  // Read again: what was taken back may stand in the controller itself.
  const now = await readClusterDns(member);
  if (!('code' in now)) await lower(surging, now.controller);
  // A ReplicationController does not replace pods of its former template; Deployments do, and a pod that reads a
  // ConfigMap starts again with what is in it.
  if (known?.controller.kind !== 'ReplicationController') return;
  const broken = (await podsOf(member, known.controller)).filter(
    (pod) => !isServing(pod) && !old.has(pod.metadata.uid ?? ''),
  );
  for (const { metadata } of broken) {
    const ref = { apiVersion: 'v1', kind: 'Pod', name: metadata.name, namespace: dnsNamespace };
    await member.remove(ref, { uid: metadata.uid ?? '' });
  }
}

/** One look, and at most one write. */
async function step(recycling: Recycling): Promise<ProbeResult<true>> {
  const { surging, old, served } = recycling;
  const { member } = surging;
  const dns = await readClusterDns(member);
  if ('code' in dns) throw failure(dns.code, dns.message, { server: member.server });
  const { controller } = dns;
  const pods = await podsOf(member, controller);
  recycling.served = uidsOf(pods.filter(isServing).map(({ metadata: { uid = '' } }) => ({ uid })));
  const more = await surge(surging, controller, pods, { old, rolling: whyRolling(controller) !== undefined });
  if (more !== undefined) return { why: more };
  const next = decide(controller, pods, old);
  // The events only explain, so they are asked for only when there is something to explain.
  if ('why' in next) return decide(controller, pods, old, await dnsEvents(member)) as ProbeResult<true>;
  if ('value' in next) {
    await lower(surging, controller);
    return next;
  }
  const fresh = isServing(next.remove) ? unsettled(pods, old, served) : undefined;
  if (fresh) return { why: `pod ${fresh.metadata.name} has just become Ready` };
  const { name, uid = '' } = next.remove.metadata;
  await member.remove({ apiVersion: 'v1', kind: 'Pod', name, namespace: dnsNamespace }, { uid });
  return { why: `pod ${name} is being replaced; ${next.left} more to go` };
}

/** A pod that did not serve yet at the last look: the nodes take a moment to send it queries. */
const unsettled = (pods: readonly Pod[], old: ReadonlySet<string>, served: ReadonlySet<string>): Pod | undefined =>
  pods.find((pod) => {
    const { uid = '' } = pod.metadata;
    return isServing(pod) && !old.has(uid) && !served.has(uid);
  });

type Decision = ProbeResult<true> | { remove: Pod; left: number };

/** What to do next, from what is there now; `events` of the namespace say more of what is waited for. Pure. */
export function decide(
  controller: DnsController,
  pods: readonly Pod[],
  old: ReadonlySet<string>,
  events: readonly KubeEvent[] = [],
): Decision {
  const stale = pods.filter(({ metadata }) => old.has(metadata.uid ?? ''));
  const leaving = stale.find(({ metadata }) => metadata.deletionTimestamp);
  if (leaving) return { why: `pod ${leaving.metadata.name} is terminating` };
  const rolling = whyRolling(controller);
  if (rolling && stale.length > 0) return { why: `${rolling}${pendingPod(pods, events, '; ')}` };
  const broken = stale.find((pod) => !isServing(pod));
  // A pod that answers nothing can go at any time.
  if (broken) return { remove: broken, left: stale.length - 1 };
  const serving = pods.filter(isServing).length;
  const { replicas } = controller;
  if (serving < replicas)
    return { why: `${serving} of ${replicas} cluster DNS pods serve; ${whoIsMissing(controller, pods, events)}` };
  const [first] = stale;
  return first ? { remove: first, left: stale.length - 1 } : { value: true };
}

function whoIsMissing({ object }: DnsController, pods: readonly Pod[], events: readonly KubeEvent[]): string {
  const pending = pendingPod(pods, events);
  if (pending) return pending;
  const failed = conditionOf(object, 'ReplicaFailure');
  if (failed?.status === 'True') return `the next pod cannot be created: ${failed.message ?? failed.reason ?? ''}`;
  return `the next pod has not been created yet${warningOf(events, object)}`;
}

function pendingPod(pods: readonly Pod[], events: readonly KubeEvent[], before = ''): string {
  const pending = pods.find((pod) => !pod.metadata.deletionTimestamp && !isServing(pod));
  if (!pending) return '';
  return `${before}pod ${pending.metadata.name} is not Ready: ${whyNotReady(pending)}${warningOf(events, pending)}`;
}

/** A Deployment whose template changed replaces its pods by itself, surge first: that is better than deleting. */
function whyRolling({ kind, object, replicas }: DnsController): string | undefined {
  if (kind !== 'Deployment') return undefined;
  const { paused } = object['spec'] as { paused?: boolean };
  const { observedGeneration = 0, updatedReplicas = 0 } = (object['status'] ?? {}) as {
    observedGeneration?: number;
    updatedReplicas?: number;
  };
  const { name, generation = 0 } = object.metadata;
  const rolled = observedGeneration >= generation && updatedReplicas >= replicas;
  if (rolled) return undefined;
  if (paused)
    return `Deployment ${name} is paused: kubectl rollout resume deployment/${name} --namespace=${dnsNamespace}`;
  return `Deployment ${name} replaces its pods: ${updatedReplicas} of ${replicas} are new`;
}

/** The step that makes running cluster DNS pods see their configuration. */
export const recycleActivities = (deps: Deps) => ({
  recycleClusterDns: (call: Call) => asOwner(deps, call, (scope) => recycleClusterDns(scope, call)),
});
