import { codeOf } from '../../src/errors/step-error.ts';
import { annotations, labels } from '../../src/kubernetes/names.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { StepScope } from './step.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';

/** Kinds people keep in a namespace: one object of them, and the namespace stays. */
const kinds: readonly [string, string][] = [
  ['v1', 'Pod'],
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'ServiceAccount'],
  ['v1', 'ReplicationController'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['batch/v1', 'Job'],
  ['batch/v1', 'CronJob'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
];

/** What Kubernetes itself puts into every namespace; older versions the token of the ServiceAccount too. */
const standard: ReadonlySet<string> = new Set(['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default']);
const isStandard = (object: KubeObject): boolean =>
  standard.has(say(object)) || object.metadata.annotations?.['kubernetes.io/service-account.name'] === 'default';

/** Pods of our own workloads end by themselves. */
const endsByItself = (object: KubeObject, app: string): boolean =>
  object.kind === 'Pod' && object.metadata.labels?.['app'] === app;

const say = (object: KubeObject): string => `${object.kind}/${object.metadata.name}`;

/** What is in a namespace beside what comes and goes with it: `ours` carries the federation's uuid. */
export interface NamespaceContent {
  ours: string[];
  others: string[];
}

/** Looks into a namespace, for the control plane of a run. A kind that the cluster does not serve has no objects. */
export async function contentOf(
  kube: Kube,
  namespace: string,
  { run: { uuid }, distribution }: Pick<StepScope, 'run' | 'distribution'>,
): Promise<NamespaceContent> {
  const all = await Promise.all(kinds.map(([apiVersion, kind]) => listed(kube, { apiVersion, kind, namespace })));
  const counted = all.flat().filter((object) => !endsByItself(object, distribution.names.app) && !isStandard(object));
  const isOurs = (object: KubeObject): boolean => object.metadata.labels?.[labels.federation] === uuid;
  return {
    ours: counted.filter(isOurs).map(say),
    others: counted.filter((object) => !isOurs(object)).map(say),
  };
}

async function listed(kube: Kube, ref: { apiVersion: string; kind: string; namespace: string }): Promise<KubeObject[]> {
  try {
    return await kube.list(ref);
  } catch (error) {
    if (codeOf(error) === 'NOT_FOUND') return [];
    throw error;
  }
}

/** The first few, for a sentence. */
export const someOf = (all: readonly string[]): string =>
  `${all.slice(0, 5).join(', ')}${all.length > 5 ? `, and ${all.length - 5} more` : ''}`;

/**
 * Makes a namespace one that was there before: it stays for others' sake, so it is no longer fedctl's to take away.
 * What a person may do with it then is theirs to decide.
 */
export async function giveAway(kube: Kube, ref: ObjectRef): Promise<void> {
  await kube.mergePatch(ref, {
    metadata: {
      labels: { [labels.federation]: null, [labels.managedBy]: null },
      annotations: { [annotations.federationName]: null },
    },
  });
}
