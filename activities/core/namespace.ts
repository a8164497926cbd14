import type { DownChoices } from '../../src/catalogue/side-inputs.ts';
import type { CallOf, ResultOf, UndoCallOf } from '../../src/catalogue/call-of.ts';
import type { StepCall, StepResult } from '../../src/catalogue/call.ts';
import { annotations, labels, labelsFor } from '../../src/kubernetes/names.ts';
import { deletionHeld } from '../../src/kubernetes/readiness.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';
import type { Deps } from './deps.ts';
import { failure } from '../kit/fail.ts';
import { contentOf, giveAway, someOf } from './namespace-content.ts';
import { removeAndWait } from './objects.ts';
import { assertNotTakenOver } from './owner.ts';
import { readRecord } from './record.ts';
import { inStep, type StepScope, writing } from './step.ts';
import { waitUntil } from '../kit/wait.ts';

const refOf = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Namespace', name });
const phaseOf = (namespace: KubeObject): string => (namespace['status'] as { phase?: string } | undefined)?.phase ?? '';

/**
 * Makes the namespace, with the federation's uuid on it, or uses the one that is there, untouched.
 * The uuid is that of the label, else of the record in it, else the one the run proposes: a run after a crash, or
 * from another laptop, finds the federation again.
 */
async function ensureNamespace(scope: StepScope, call: CallOf<'host/namespace'>): Promise<ResultOf<'host/namespace'>> {
  const { host, uuid: proposed } = scope.run;
  const ref = refOf(host.namespace);
  const found = await waitUntil({ waitMs: Math.max(call.waitMs, 45_000) }, 'STILL_THERE', async () => {
    const namespace = await scope.host.read(ref);
    if (namespace && phaseOf(namespace) === 'Terminating')
      return { why: `namespace ${host.namespace} is still being deleted${deletionHeld(namespace)}` };
    return { value: namespace };
  });
  if (!found) {
    const notes = { [annotations.federationName]: scope.run.federation };
    const metadata = { name: host.namespace, labels: labelsFor(proposed), annotations: notes };
    await scope.host.apply({ apiVersion: 'v1', kind: 'Namespace', metadata });
    return { outcome: 'created', facts: { uuid: proposed, created: true } };
  }
  const record = await readRecord(scope.host, host.namespace);
  const label = found.metadata.labels?.[labels.federation];
  if (label && !record) await claimLeft(scope, found);
  const uuid = label ?? record?.uuid ?? proposed;
  const note = label
    ? undefined
    : `namespace ${host.namespace} existed before; it is kept when the federation is turned down`;
  return { outcome: 'kept', ...(note ? { note } : {}), facts: { uuid, created: label !== undefined } };
}

/** The federation that left a namespace of its own without a record, or undefined: its turn-down ended in between. */
export async function leftNamespace(
  host: Kube,
  namespace: string,
): Promise<{ federation: string; uuid: string } | undefined> {
  const found = await host.read(refOf(namespace));
  const uuid = found?.metadata.labels?.[labels.federation];
  const federation = found?.metadata.annotations?.[annotations.federationName];
  if (!uuid || !federation || (await readRecord(host, namespace))) return undefined;
  return { federation, uuid };
}

/**
 * A namespace without a record may hold what a turn-down kept: the volume of etcd, with all that a federation knew.
 * Throws RECORD_OTHER where that federation had another name, unless --adopt; one of the same name finds it again.
 */
async function claimLeft(scope: StepScope, found: KubeObject): Promise<void> {
  const { name } = found.metadata;
  const before = found.metadata.annotations?.[annotations.federationName];
  if (!before || before === scope.run.federation) return;
  if (!scope.run.adopt) {
    const message = `namespace ${name} is what federation ${before} left when it was turned down`;
    throw failure('RECORD_OTHER', message, { federation: before, namespace: name, left: true });
  }
  await scope.host.mergePatch(refOf(name), {
    metadata: { annotations: { [annotations.federationName]: scope.run.federation } },
  });
}

/** Why the namespace stays: '' when it can go. One that stays for others' sake alone is no longer ours. */
async function whyItStays(scope: StepScope, namespace: KubeObject, forced: boolean): Promise<string> {
  const { name, labels: found } = namespace.metadata;
  const { uuid } = scope.run;
  const owed = Object.keys((await readRecord(scope.host, name))?.debts ?? {});
  if (owed.length > 0) return `is kept with the record until ${owed.join(', ')} is cleaned up`;
  if (found?.[labels.federation] !== uuid && !forced) return 'existed before and is kept';
  await assertNotTakenOver(scope);
  if (forced) return '';
  const { ours, others } = await contentOf(scope.host, name, scope);
  if (ours.length > 0) return `is kept: it holds ${someOf([...ours, ...others])}`;
  if (others.length === 0) return '';
  await giveAway(scope.host, refOf(name));
  return `is kept, without our labels: it holds ${someOf(others)}`;
}

/** Undo of host/namespace: only a namespace that fedctl made, and only when nothing is left in it. */
export async function removeNamespace(
  scope: StepScope,
  call: StepCall<{ undo: Pick<DownChoices, 'deleteNamespace'> }>,
): Promise<StepResult> {
  const name = scope.run.host.namespace;
  const found = await scope.host.read(refOf(name));
  if (!found) return { outcome: 'removed', facts: {} };
  const why = await whyItStays(scope, found, call.input.undo.deleteNamespace === true);
  if (why) return { outcome: 'kept', note: `namespace ${name} ${why}`, facts: {} };
  await removeAndWait(scope.host, call, refOf(name), found.metadata.uid ?? '');
  return { outcome: 'removed', facts: {} };
}

/** The namespace of the control plane. */
export const namespaceActivities = (deps: Deps) => ({
  ensureNamespace: writing<'host/namespace'>(deps, (scope, call) => {
    if (!scope.run.uuid) throw failure('BUG', 'the run proposes no uuid');
    return ensureNamespace(scope, call);
  }),
  removeNamespace: (call: UndoCallOf<'host/namespace'>) => inStep(deps, call, (scope) => removeNamespace(scope, call)),
});
