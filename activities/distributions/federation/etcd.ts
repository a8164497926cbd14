import { etcdClaim } from '../../../src/distributions/federation/manifests.ts';
import type { Patch } from '../../../src/distributions/federation/patches.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import { eventsOf, type KubeEvent } from '../../../src/kubernetes/events.ts';
import { claimReadiness } from '../../../src/kubernetes/readiness.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { ensurePatched, readEvents, targetOf } from '../../control-plane/objects.ts';
import type { Deps } from '../../kit/deps.ts';
import { type Ensured, isOurs, refOf, removeAndWait } from '../../core/objects.ts';
import { type StepScope, writing } from '../../core/step.ts';
import { type ProbeResult, waitUntil } from '../../kit/wait.ts';

/** Reason of the event that the volume binder gives a claim that a pod must use first. */
const waitsForConsumer = 'WaitForFirstConsumer';

/**
 * The claim as the spec wants it. Nothing of a claim can be changed but the size of a bound one: one of ours that has no
 * volume yet, so no data, makes room for another. Throws INVALID when the server refuses what is wanted, or a change of
 * a claim that has its volume.
 */
async function ensureClaim(
  scope: StepScope,
  call: CallOf<'etcd/claim'>,
  wanted: KubeObject,
  patches: readonly Patch[],
): Promise<Ensured> {
  try {
    return await ensurePatched(scope, wanted, patches);
  } catch (error) {
    const { type, message } = error as { type?: string; message: string };
    if (type !== 'INVALID' || !message.includes('immutable')) throw error;
    const claim = await scope.host.read(refOf(wanted));
    const volume = (claim?.['spec'] as { volumeName?: string } | undefined)?.volumeName;
    if (!claim || volume || !isOurs(scope, claim)) throw error;
    await removeAndWait(scope.host, call, refOf(wanted), claim.metadata.uid ?? '');
    return ensurePatched(scope, wanted, patches);
  }
}

/**
 * The claim for etcd's data, bound. A class that binds at the first pod is not waited for: that pod comes later.
 * Throws CLAIM_NOT_BOUND with the claim's newest warning.
 */
async function ensureEtcdClaim(scope: StepScope, call: CallOf<'etcd/claim'>): Promise<ResultOf<'etcd/claim'>> {
  const { etcd, patches } = call.input.spec;
  const { outcome, object } = await ensureClaim(scope, call, etcdClaim(targetOf(scope), etcd), patches);
  const data = { namespace: scope.run.host.namespace };
  const note = await waitUntil(call, 'CLAIM_NOT_BOUND', () => lookAtClaim(scope, object), { data });
  return { outcome, note, facts: {} };
}

async function lookAtClaim(scope: StepScope, wanted: KubeObject): Promise<ProbeResult<string>> {
  const claim = await scope.host.read(refOf(wanted));
  const bound = claimReadiness(claim, { waitsForConsumer: false }) === '';
  if (bound) return { value: 'the claim is Bound' };
  const events = claim ? await readEvents(scope, claim) : [];
  const waits = claim !== undefined && (await bindsAtFirstPod(scope, claim, events));
  const why = claimReadiness(claim, { waitsForConsumer: waits, events });
  return why ? { why } : { value: 'the storage class binds the claim when its pod comes' };
}

/** By the event of the binder, else by the class, which not everybody may read. */
async function bindsAtFirstPod(scope: StepScope, claim: KubeObject, events: readonly KubeEvent[]): Promise<boolean> {
  if (eventsOf(events, claim).some(({ reason }) => reason === waitsForConsumer)) return true;
  const name = (claim['spec'] as { storageClassName?: string } | undefined)?.storageClassName;
  if (!name) return false;
  try {
    const found = await scope.host.read({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name });
    return found?.['volumeBindingMode'] === waitsForConsumer;
  } catch (error) {
    if ((error as { type?: string }).type === 'FORBIDDEN') return false;
    throw error;
  }
}

/** The volume of etcd. */
export const etcdActivities = (deps: Deps) => ({
  ensureEtcdClaim: writing<'etcd/claim'>(deps, ensureEtcdClaim),
});
