import { codeOf } from '../../src/errors/step-error.ts';
import { type DnsController, dnsNamespace } from '../../src/cluster-dns/shapes.ts';
import { conditionOf } from '../../src/kubernetes/conditions.ts';
import { holderOfReplicas, patchToLower, patchToRaise, surgeAnnotation, surgeOf } from '../../src/cluster-dns/surge.ts';
import type { Kube } from '../clients/kube/port.ts';
import { isServing, type Pod } from './pods.ts';
import { forget, readEntry, recordUid } from '../core/ledger.ts';
import { entryFor, placeFor, refOf } from '../core/objects.ts';
import type { StepScope } from '../core/step.ts';

/** What one attempt at recycling knows of the pod more. */
export interface Surging {
  scope: StepScope;
  member: Kube;
  /** ms the whole wait may take; half of them are for the pod more. */
  waitMs: number;
  /** Why there is none: the one pod that serves goes without. */
  gaveUp?: string | undefined;
}

/**
 * A cluster DNS of a single pod gets a second one before the first goes. Says what to look for next when it wrote
 * something; undefined: what there is can be decided upon. Without the right to scale, with somebody else holding the
 * number, or without room for a pod more it goes without, and `gaveUp` says so. A Deployment that is replacing its pods
 * by itself (`rolling`) needs none.
 */
export async function surge(
  surging: Surging,
  controller: DnsController,
  pods: readonly Pod[],
  { old, rolling }: { old: ReadonlySet<string>; rolling: boolean },
): Promise<string | undefined> {
  if (!pods.some((pod) => old.has(pod.metadata.uid ?? '') && isServing(pod))) return undefined;
  const begun = surgeOf(controller.object, surging.scope.run.federation);
  if (!begun) return rolling ? undefined : begin(surging, controller);
  const halfOver = Date.now() - Date.parse(begun.since) >= surging.waitMs / 2;
  const why =
    controller.replicas === begun.raised
      ? halfOver && whyNone(controller, pods, old)
      : `something else set the replicas of ${nameOf(controller)} to ${controller.replicas}`;
  if (!why) return undefined;
  surging.gaveUp = why;
  await lower(surging, controller);
  return why;
}

const nameOf = ({ kind, object }: DnsController): string => `${kind} ${object.metadata.name}`;

async function begin(surging: Surging, controller: DnsController): Promise<string | undefined> {
  if (controller.replicas !== 1 || surging.gaveUp !== undefined) return undefined;
  const holder = holderOfReplicas(controller.object);
  surging.gaveUp = holder
    ? `${holder} holds the replicas of ${nameOf(controller)}`
    : await refusalToRaise(surging, controller);
  return surging.gaveUp === undefined
    ? `${nameOf(controller)} starts a second pod before its only one is deleted`
    : undefined;
}

/** Asks for one pod more; says why that may not be. */
async function refusalToRaise({ scope, member }: Surging, controller: DnsController): Promise<string | undefined> {
  const { object } = controller;
  await recordUid(scope, entryOf(scope, controller), object.metadata.uid ?? '');
  try {
    await member.jsonPatch(refOf(object), patchToRaise(controller, scope.run.federation, new Date()));
    return undefined;
  } catch (error) {
    // A plan of an older fedctl does not have it.
    if (codeOf(error) !== 'FORBIDDEN' && codeOf(error) !== 'PLAN_STALE') throw error;
    await forgetOurs(scope, controller);
    return (error as Error).message;
  }
}

/** Puts the number of replicas back; nothing without a surge. A controller takes the pod that serves least, then the youngest. */
export async function lower(
  { scope, member }: Pick<Surging, 'scope' | 'member'>,
  controller: DnsController,
): Promise<void> {
  const patch = patchToLower(controller, scope.run.federation);
  if (patch) await member.jsonPatch(refOf(controller.object), patch);
  if (patch && controller.kind === 'Deployment') await cleanReplicaSets(scope, member, controller);
  await forgetOurs(scope, controller);
}

/** A Deployment copies its annotations to its ReplicaSets and never takes one off. That they stay hurts nobody: best effort. */
async function cleanReplicaSets(scope: StepScope, member: Kube, { podSelector }: DnsController): Promise<void> {
  const key = surgeAnnotation(scope.run.federation);
  const about = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: dnsNamespace };
  try {
    const sets = await member.list({ ...about, labelSelector: podSelector });
    for (const { metadata } of sets.filter((one) => one.metadata.annotations?.[key] !== undefined))
      await member.mergePatch({ ...about, name: metadata.name }, { metadata: { annotations: { [key]: null } } });
  } catch (error) {
    if (!['FORBIDDEN', 'PLAN_STALE', 'CONFLICT', 'NOT_FOUND'].includes(codeOf(error) ?? '')) throw error;
  }
}

/** Why the pod more is not there and will not be: no room, or no right to have it. A pod that starts and fails is another matter. */
function whyNone({ object }: DnsController, pods: readonly Pod[], old: ReadonlySet<string>): string | undefined {
  const failed = conditionOf(object, 'ReplicaFailure');
  if (failed?.status === 'True') return `a second pod cannot be created: ${failed.message ?? failed.reason ?? ''}`;
  for (const pod of pods.filter(({ metadata }) => !old.has(metadata.uid ?? ''))) {
    const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (scheduled?.status === 'False')
      return `a second pod cannot be scheduled: ${scheduled.message ?? 'Unschedulable'}`;
  }
  return undefined;
}

const entryOf = (scope: StepScope, { object }: DnsController) =>
  entryFor(scope, placeFor(scope, 'member'), refOf(object), 'changed');

/** The controller may stand in the ledger for the flag in it, too: that entry is not of this step. */
async function forgetOurs(scope: StepScope, controller: DnsController): Promise<void> {
  const entry = await readEntry(scope, entryOf(scope, controller));
  if (entry?.step === scope.step) await forget(scope, entry);
}
