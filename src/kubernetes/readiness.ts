import type { KubeObject } from './objects.ts';
import { type Condition, conditionOf } from './conditions.ts';
import { type KubeEvent, warningOf } from './events.ts';

export { podProblem } from './pods.ts';

interface WorkloadStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  availableReplicas?: number;
}

/**
 * Whether a workload is rolled out, in the sense of `kubectl rollout status`: '' or why not yet. The counts of an
 * older generation say nothing, so they are not read before the controller has seen the newest spec.
 */
export function workloadReadiness(
  workload: KubeObject | undefined,
  kind: 'Deployment' | 'StatefulSet' = 'Deployment',
): string {
  if (!workload) return `the ${kind} does not exist`;
  const { name, generation = 0 } = workload.metadata;
  const status = (workload['status'] as WorkloadStatus | undefined) ?? {};
  if ((status.observedGeneration ?? 0) < generation) return `the ${kind} controller has not observed ${name} yet`;
  const failed = conditionOf(workload, 'ReplicaFailure');
  if (failed?.status === 'True') return `pods of ${name} cannot be created: ${failed.message ?? failed.reason ?? ''}`;
  return countsReadiness(workload, status);
}

function countsReadiness({ metadata: { name }, ...workload }: KubeObject, status: WorkloadStatus): string {
  const wanted = (workload['spec'] as { replicas?: number } | undefined)?.replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (updatedReplicas < wanted) return `${updatedReplicas} of ${wanted} pods of ${name} are of the newest version`;
  if (replicas > updatedReplicas) return `${replicas - updatedReplicas} old pods of ${name} are still there`;
  if (availableReplicas < wanted) return `${availableReplicas} of ${wanted} pods of ${name} are available`;
  return '';
}

/** Whether a claim is Bound: '' or why not yet. A claim that waits for its first pod counts as good. */
export function claimReadiness(
  claim: KubeObject | undefined,
  options: { waitsForConsumer: boolean; events?: readonly KubeEvent[] },
): string {
  if (!claim) return 'the claim does not exist';
  const phase = (claim['status'] as { phase?: string } | undefined)?.phase ?? 'Pending';
  if (phase === 'Bound') return '';
  const why = warningOf(options.events ?? [], claim);
  if (phase === 'Lost') return `claim ${claim.metadata.name} lost its volume${why}`;
  return options.waitsForConsumer ? '' : `claim ${claim.metadata.name} is ${phase}${why}`;
}

/** Where a Service can be reached. */
export interface Address {
  address: string;
  kind: 'ip' | 'hostname';
}

/** What keeps an object that is being deleted, as `, held by ...`; '' when it says nothing of it. */
export function deletionHeld(object: KubeObject): string {
  const { finalizers = [] } = object.metadata;
  // A namespace has finalizers of its own kind, and says in conditions what is left in it.
  const inSpec = object.kind === 'Namespace' ? ((object['spec'] as Finalized | undefined)?.finalizers ?? []) : [];
  const all = [...finalizers, ...inSpec];
  const conditions = (object['status'] as { conditions?: Condition[] } | undefined)?.conditions ?? [];
  const told = conditions.filter(({ type, status }) => status === 'True' && /^Namespace/.test(type));
  const parts = [
    ...(all.length > 0 ? [`held by finalizers ${all.join(', ')}`] : []),
    ...told.map(({ type, message, reason }) => message ?? reason ?? type),
  ];
  return parts.map((part) => `, ${part}`).join('');
}

interface Finalized {
  finalizers?: string[];
}

/** The address that a load balancer gave a Service: an ip before a hostname; undefined: none yet. */
export function serviceAddress(service: KubeObject): Address | undefined {
  const balancer = (
    service['status'] as { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } } | undefined
  )?.loadBalancer;
  for (const { ip, hostname } of balancer?.ingress ?? []) {
    if (ip) return { address: ip, kind: 'ip' };
    if (hostname) return { address: hostname, kind: 'hostname' };
  }
  return undefined;
}

/** The address of a node for a NodePort: the first ExternalIP of all nodes, else the first InternalIP. */
export function nodeAddress(nodes: readonly KubeObject[]): string | undefined {
  const all = nodes.flatMap(
    (node) => (node['status'] as { addresses?: { type: string; address: string }[] } | undefined)?.addresses ?? [],
  );
  const of = (type: string): string | undefined => all.find((one) => one.type === type)?.address;
  return of('ExternalIP') ?? of('InternalIP');
}
