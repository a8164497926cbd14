import { codeOf } from '../../src/errors/step-error.ts';
import type { Patch } from '../../src/control-plane/patches.ts';
import type { StepCall } from '../../src/catalogue/call.ts';
import { eventsOf, type KubeEvent } from '../../src/kubernetes/events.ts';
import { claimReadiness } from '../../src/kubernetes/readiness.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { type Ensured, isOurs, refOf, removeAndWait } from '../core/objects.ts';
import type { StepScope } from '../core/step.ts';
import { type ProbeResult, waitUntil } from '../kit/wait.ts';
import { ensurePatched, readEvents } from './objects.ts';

/** Reason of the event that the volume binder gives a claim that a pod must use first. */
const waitsForConsumer = 'WaitForFirstConsumer';

/**
 * The claim as the spec wants it. Nothing of a claim can be changed but the size of a bound one: one of ours that has no
 * volume yet, so no data, makes room for another. Throws INVALID when the server refuses what is wanted, or a change of
 * a claim that has its volume.
 */
async function ensureClaim(
  scope: StepScope,
  call: Pick<StepCall, 'waitMs' | 'parked'>,
  wanted: KubeObject,
  patches: readonly Patch[],
): Promise<Ensured> {
  try {
    return await ensurePatched(scope, wanted, patches);
  } catch (error) {
    if (codeOf(error) !== 'INVALID' || !(error as Error).message.includes('immutable')) throw error;
    const claim = await scope.host.read(refOf(wanted));
    const volume = (claim?.['spec'] as { volumeName?: string } | undefined)?.volumeName;
    if (!claim || volume || !isOurs(scope, claim)) throw error;
    await removeAndWait(scope.host, call, refOf(wanted), claim.metadata.uid ?? '');
    return ensurePatched(scope, wanted, patches);
  }
}

/**
 * A claim, bound. A class that binds at the first pod is not waited for: that pod comes later. Returns what there is to
 * say. Throws CLAIM_NOT_BOUND with the claim's newest warning.
 */
export async function ensureBoundClaim(
  scope: StepScope,
  call: Pick<StepCall, 'waitMs' | 'parked'>,
  wanted: KubeObject,
  patches: readonly Patch[],
): Promise<{ outcome: Ensured['outcome']; note: string }> {
  const { outcome, object } = await ensureClaim(scope, call, wanted, patches);
  const data = { namespace: scope.run.host.namespace, claim: wanted.metadata.name };
  const note = await waitUntil(call, 'CLAIM_NOT_BOUND', () => lookAtClaim(scope, object), { data });
  return { outcome, note };
}

async function lookAtClaim(scope: StepScope, wanted: KubeObject): Promise<ProbeResult<string>> {
  const claim = await scope.host.read(refOf(wanted));
  const bound = claimReadiness(claim, { waitsForConsumer: false }) === '';
  if (bound) return { value: 'the claim is Bound' };
  const events = claim ? await readEvents(scope, claim) : [];
  const waits = claim !== undefined && (await bindsAtFirstPod(scope, claim, events));
  const why = claimReadiness(claim, { waitsForConsumer: waits, events });
  return why ? { why } : { value: 'the StorageClass binds the claim when its pod is scheduled' };
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
    if (codeOf(error) === 'FORBIDDEN') return false;
    throw error;
  }
}
