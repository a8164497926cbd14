import { codeOf } from '../../../src/errors/step-error.ts';
import {
  clusterApiVersion,
  clusterReadiness,
  type FederationCluster,
} from '../../../src/distributions/federation/cluster-api.ts';
import type { StepResult } from '../../../src/catalogue/call.ts';
import type { BeforeDownCall } from '../../../src/catalogue/call-of.ts';
import type { DownChoices } from '../../../src/catalogue/side-inputs.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import type { Kube } from '../../clients/kube/port.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { failure } from '../../kit/fail.ts';
import type { Deps } from '../../core/deps.ts';
import { asOwner, type StepScope } from '../../core/step.ts';
import { type ProbeResult, waitUntil } from '../../kit/wait.ts';

/** Kinds that the federation API federates and people fill: against members of today, and of its own time. */
const core = ['ConfigMap', 'Secret', 'Service', 'Namespace'] as const;
const others: readonly [apiVersion: string, kind: string][] = [
  ['batch/v1', 'Job'],
  ['extensions/v1beta1', 'Deployment'],
  ['extensions/v1beta1', 'ReplicaSet'],
  ['extensions/v1beta1', 'DaemonSet'],
  ['extensions/v1beta1', 'Ingress'],
];

/** Namespaces that are there by themselves, and those of the system in which nothing is anybody's. */
const ownNamespace = /^(default|kube-(system|public|node-lease))$/;
const systemNamespace = /^kube-(system|public|node-lease)$/;

/** What people made; the rest comes with the API. */
function isTheirs(object: KubeObject): boolean {
  const { name, namespace = '' } = object.metadata;
  if (object.kind === 'Namespace') return !ownNamespace.test(name);
  if (systemNamespace.test(namespace)) return false;
  if (object.kind === 'Service') return !(namespace === 'default' && name === 'kubernetes');
  if (object.kind === 'ConfigMap') return name !== 'kube-root-ca.crt';
  return object.kind !== 'Secret' || object['type'] !== 'kubernetes.io/service-account-token';
}

const say = ({ kind, metadata: { name, namespace } }: KubeObject): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

/** Most of them that are named in a text. */
const namedAtMost = 20;
const list = (objects: readonly KubeObject[]): string => {
  const more = objects.length - namedAtMost;
  return `${objects.slice(0, namedAtMost).map(say).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
};

async function federatedObjects(kube: Kube): Promise<KubeObject[]> {
  const served = async (apiVersion: string, kind: string): Promise<KubeObject[]> => {
    try {
      return await kube.list({ apiVersion, kind });
    } catch (error) {
      if (codeOf(error) === 'NOT_FOUND') return [];
      throw error;
    }
  };
  const lists = await Promise.all([
    ...others.map(([apiVersion, kind]) => served(apiVersion, kind)),
    ...core.map((kind) => kube.list({ apiVersion: 'v1', kind })),
  ]);
  return lists.flat().filter(isTheirs);
}

/** Why a turn-down may go on though the federation API does not answer; '' when it may not. */
async function unheardOf(scope: StepScope, choices: DownChoices): Promise<string> {
  const { namespace } = scope.run.host;
  const deployment = await scope.host.read({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: names.apiserver,
    namespace,
  });
  if (!deployment) return 'the control plane never ran, or is gone already';
  return choices.federatedObjects === 'orphan'
    ? 'federation-apiserver cannot be reached; federated objects stay in the members'
    : '';
}

/** Members that are not Ready, each with why: while there is one, nothing that is deleted goes. */
async function notReady(kube: Kube): Promise<string[]> {
  const clusters = await kube.list<FederationCluster>({ apiVersion: clusterApiVersion, kind: 'Cluster' });
  return clusters.flatMap((cluster) => {
    const why = clusterReadiness(cluster);
    return why ? [`${cluster.metadata.name} (${why})`] : [];
  });
}

async function removeAll(kube: Kube, objects: readonly KubeObject[]): Promise<void> {
  // The order of the lists: namespaces last.
  for (const { apiVersion, kind, metadata } of objects) {
    const ref = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
    if (!metadata.deletionTimestamp) await kube.remove(ref, { uid: metadata.uid ?? '' });
  }
}

/**
 * One look at a deletion: asks for what was not asked for, once every member is Ready, and tells what is still there.
 * A deletion that is asked for while a member is away would hang, and so would everything after it.
 */
async function lookAtDeletion(kube: Kube): Promise<ProbeResult<true>> {
  const away = await notReady(kube);
  const found = await federatedObjects(kube);
  if (found.length === 0) return { value: true };
  if (away.length > 0) {
    const what = `${found.length} objects are deleted only when every member is Ready: ${list(found)}`;
    return { why: `not Ready: ${away.join('; ')}; ${what}` };
  }
  await removeAll(kube, found);
  const left = await federatedObjects(kube);
  return left.length === 0 ? { value: true } : { why: `${left.length} are being deleted: ${list(left)}` };
}

/**
 * First step of a turn-down: objects in the federation API hang on deletion unless every member is Ready, so people
 * decide first. Throws FEDERATED_OBJECTS naming them; `orphan` leaves them in the members; `delete` waits until they
 * are gone, and throws FEDERATED_OBJECTS_STAY after that.
 */
async function removeFederatedObjects(scope: StepScope, call: BeforeDownCall): Promise<StepResult> {
  let kube: Kube;
  try {
    kube = await scope.federation();
  } catch (error) {
    if (codeOf(error) !== 'NOT_FOUND') throw error;
    return { outcome: 'done', note: 'the control plane is gone already', facts: {} };
  }
  let found: KubeObject[];
  try {
    found = await federatedObjects(kube);
  } catch (error) {
    const note = await unheardOf(scope, call.input.choices);
    if (!note) throw error;
    return { outcome: 'done', note, facts: {} };
  }
  if (found.length === 0) return { outcome: 'done', note: 'none', facts: {} };
  return decided(kube, call, found);
}

async function decided(kube: Kube, call: BeforeDownCall, found: readonly KubeObject[]): Promise<StepResult> {
  const decision = call.input.choices.federatedObjects;
  if (decision === 'orphan') return { outcome: 'done', note: `left in the members: ${list(found)}`, facts: {} };
  if (decision !== 'delete')
    throw failure('FEDERATED_OBJECTS', `the federation holds ${found.length} objects: ${list(found)}`);
  await waitUntil(call, 'FEDERATED_OBJECTS_STAY', () => lookAtDeletion(kube), { everyMs: 2_000 });
  return { outcome: 'removed', note: list(found), facts: {} };
}

/** What a turn-down of a federation does first. */
export const federatedObjectsActivities = (deps: Deps) => ({
  removeFederatedObjects: (call: BeforeDownCall) => asOwner(deps, call, (scope) => removeFederatedObjects(scope, call)),
});
