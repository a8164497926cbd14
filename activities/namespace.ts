import type { CallOf, ResultOf } from '../src/plan/call-of.ts';
import type { StepCall, StepResult } from '../src/plan/call.ts';
import { labels, labelsFor } from '../src/plan/names.ts';
import type { KubeObject, ObjectRef } from './clients/kube-port.ts';
import type { Deps } from './deps.ts';
import { failure } from './fail.ts';
import { removeAndWait } from './objects.ts';
import { readRecord } from './record.ts';
import { inStep, type StepScope, writing } from './step.ts';
import { waitUntil } from './wait.ts';

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
      return { why: `namespace ${host.namespace} is still being deleted` };
    return { value: namespace };
  });
  if (!found) {
    const metadata = { name: host.namespace, labels: labelsFor(proposed) };
    await scope.host.apply({ apiVersion: 'v1', kind: 'Namespace', metadata });
    return { outcome: 'created', facts: { uuid: proposed, created: true } };
  }
  const record = await readRecord(scope.host, host.namespace);
  const label = found.metadata.labels?.[labels.federation];
  const uuid = label ?? record?.uuid ?? proposed;
  const note = label ? undefined : `namespace ${host.namespace} was there before; it stays when the federation goes`;
  return { outcome: 'kept', ...(note ? { note } : {}), facts: { uuid, created: label !== undefined } };
}

/** Kinds people keep in a namespace: one object of them that is not ours, and the namespace stays. */
const kinds: readonly [string, string][] = [
  ['v1', 'Pod'],
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'ServiceAccount'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['batch/v1', 'Job'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
];
/** What Kubernetes itself puts into every namespace. */
const standard: ReadonlySet<string> = new Set(['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default']);

/** Whatever else is in the namespace; pods of our own Deployments end by themselves. */
async function othersIn(scope: StepScope, namespace: string): Promise<string[]> {
  const lists = await Promise.all(kinds.map(([apiVersion, kind]) => scope.host.list({ apiVersion, kind, namespace })));
  const ownedByUs = (object: KubeObject): boolean =>
    object.kind === 'Pod' && object.metadata.labels?.['app'] === 'federated-cluster';
  return lists
    .flat()
    .filter((object) => !ownedByUs(object))
    .map((object) => `${object.kind}/${object.metadata.name}`)
    .filter((name) => !standard.has(name));
}

/** Undo of host/namespace: only a namespace that fedctl made, and only when nothing is left in it. */
export async function removeNamespace(
  scope: StepScope,
  call: StepCall<{ undo?: { deleteNamespace?: boolean } }>,
): Promise<StepResult> {
  const name = scope.run.host.namespace;
  const found = await scope.host.read(refOf(name));
  if (!found) return { outcome: 'removed', facts: {} };
  const forced = call.input.undo?.deleteNamespace === true;
  if (found.metadata.labels?.[labels.federation] !== scope.run.uuid && !forced) {
    return { outcome: 'kept', note: `namespace ${name} was there before and stays`, facts: {} };
  }
  const others = forced ? [] : await othersIn(scope, name);
  if (others.length > 0) {
    const some = others.slice(0, 5).join(', ');
    return {
      outcome: 'kept',
      note: `namespace ${name} stays: it holds ${some}${others.length > 5 ? ', …' : ''}`,
      facts: {},
    };
  }
  await removeAndWait(scope.host, call, refOf(name), found.metadata.uid ?? '');
  return { outcome: 'removed', facts: {} };
}

/** The namespace of the control plane. */
export const namespaceActivities = (deps: Deps) => ({
  ensureNamespace: writing<'host/namespace'>(deps, (scope, call) => {
    if (!scope.run.uuid) throw failure('BUG', 'the run proposes no uuid');
    return ensureNamespace(scope, call);
  }),
  removeNamespace: (call: StepCall<{ undo?: { deleteNamespace?: boolean } }>) =>
    inStep(deps, call, (scope) => removeNamespace(scope, call)),
});
