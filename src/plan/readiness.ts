import type { KubeObject } from '../../activities/clients/kube-port.ts';
import type { ErrorCodeName } from '../errors.ts';

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/** A `v1 Event`, as far as a person needs it. */
export interface KubeEvent {
  type?: string;
  reason?: string;
  message?: string;
  lastTimestamp?: string;
  eventTime?: string;
  involvedObject?: { kind?: string; name?: string; uid?: string };
}

/** Why something is not there yet, and the code of the table that says how to mend it. */
export interface Trouble {
  code: ErrorCodeName;
  why: string;
}

const conditionsOf = (object: KubeObject): Condition[] =>
  (object['status'] as { conditions?: Condition[] } | undefined)?.conditions ?? [];
const conditionOf = (object: KubeObject, type: string): Condition | undefined =>
  conditionsOf(object).find((condition) => condition.type === type);

interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  availableReplicas?: number;
}

/**
 * Whether a Deployment is rolled out, in the sense of `kubectl rollout status`: '' or why not yet. The counts of an
 * older generation say nothing, so they are not read before the controller has seen the newest spec.
 */
export function deploymentReadiness(deployment: KubeObject | undefined): string {
  if (!deployment) return 'the Deployment does not exist';
  const { name, generation = 0 } = deployment.metadata;
  const status = (deployment['status'] as DeploymentStatus | undefined) ?? {};
  if ((status.observedGeneration ?? 0) < generation) return `the Deployment controller has not seen ${name} yet`;
  const failed = conditionOf(deployment, 'ReplicaFailure');
  if (failed?.status === 'True') return `pods of ${name} cannot be made: ${failed.message ?? failed.reason ?? ''}`;
  return countsReadiness(name, (deployment['spec'] as { replicas?: number } | undefined)?.replicas ?? 1, status);
}

function countsReadiness(name: string, wanted: number, status: DeploymentStatus): string {
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (updatedReplicas < wanted) return `${updatedReplicas} of ${wanted} pods of ${name} are of the newest version`;
  if (replicas > updatedReplicas) return `${replicas - updatedReplicas} old pods of ${name} are still there`;
  if (availableReplicas < wanted) return `${availableReplicas} of ${wanted} pods of ${name} are available`;
  return '';
}

interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: { waiting?: Ended; terminated?: Ended; running?: object };
  lastState?: { terminated?: Ended };
}
interface Ended {
  reason?: string;
  message?: string;
  exitCode?: number;
}
interface PodStatus {
  phase?: string;
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
}

/** Reasons of the kubelet for an image it does not get. */
const imageReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
]);

const lastLines = (text: string, count: number): string => text.trim().split('\n').slice(-count).join(' | ').trim();

function ended({ reason, message, exitCode }: Ended): string {
  const how = `${reason ?? 'ended'}${exitCode === undefined ? '' : `, exit code ${exitCode}`}`;
  return message ? `${how}: ${lastLines(message, 3)}` : how;
}

function containerTrouble(container: ContainerStatus, pod: string, events: readonly KubeEvent[]): Trouble | undefined {
  const waiting = container.state?.waiting;
  const where = `container ${container.name} of pod ${pod}`;
  if (waiting?.reason && imageReasons.has(waiting.reason)) {
    // After the first failures only "Back-off pulling image" stands here; the events still tell what the registry said.
    const told = waiting.reason === 'ImagePullBackOff' ? newest(events, ['Failed']) : undefined;
    const message = told ?? waiting.message ?? '';
    return { code: 'IMAGE_CANNOT_BE_PULLED', why: `${where}: ${waiting.reason}: ${message}`.trim() };
  }
  const last = container.state?.terminated ?? container.lastState?.terminated;
  if (last && container.ready !== true) {
    return { code: 'POD_CRASHES', why: `${where} ended ${container.restartCount ?? 0} times; last: ${ended(last)}` };
  }
  if (waiting?.reason && !['ContainerCreating', 'PodInitializing'].includes(waiting.reason)) {
    return { code: 'ROLLOUT_NOT_READY', why: `${where}: ${waiting.reason}: ${waiting.message ?? ''}`.trim() };
  }
  return undefined;
}

const timeOf = (event: KubeEvent): string => event.lastTimestamp ?? event.eventTime ?? '';

/** Message of the newest warning among the events; undefined when there is none. */
function newest(events: readonly KubeEvent[], reasons?: readonly string[]): string | undefined {
  const warnings = events.filter(
    (event) => event.type === 'Warning' && (!reasons || reasons.includes(event.reason ?? '')),
  );
  // Of the "Failed" events the one that quotes the registry is longer than "Error: ErrImagePull".
  const told = warnings.filter((event) => !/^Error: \w+$/.test(event.message ?? ''));
  const last = (told.length > 0 ? told : warnings).toSorted((a, b) => timeOf(a).localeCompare(timeOf(b))).at(-1);
  return last?.message;
}

/** Events about one object. */
export const eventsOf = (events: readonly KubeEvent[], object: KubeObject): KubeEvent[] =>
  events.filter(({ involvedObject }) => involvedObject?.uid === object.metadata.uid);

/** The newest warning about an object, as ` (<message>)`; '' without one. Events are given, pods and claims alike. */
export const warningOf = (events: readonly KubeEvent[], object: KubeObject): string => {
  const message = newest(eventsOf(events, object));
  return message ? ` (${message})` : '';
};

function scheduling(pod: KubeObject): Trouble | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  const message = scheduled.message ?? scheduled.reason ?? '';
  const code = /persistentvolumeclaim/i.test(message) ? 'CLAIM_NOT_BOUND' : 'POD_UNSCHEDULABLE';
  return { code, why: `pod ${pod.metadata.name} cannot be scheduled: ${message}` };
}

/** What keeps a pod from being ready, with the code for it; undefined when nothing is known to be wrong. */
export function podTrouble(pod: KubeObject, events: readonly KubeEvent[] = []): Trouble | undefined {
  if (pod.metadata.deletionTimestamp) return undefined;
  const mine = eventsOf(events, pod);
  const unscheduled = scheduling(pod);
  if (unscheduled) return unscheduled;
  const status = (pod['status'] as PodStatus | undefined) ?? {};
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  for (const container of containers) {
    const trouble = containerTrouble(container, pod.metadata.name, mine);
    if (trouble) return trouble;
  }
  // A pod that waits for its volumes has containers in ContainerCreating and says why in events only.
  const mount = newest(mine, ['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox']);
  const ready = conditionOf(pod, 'Ready')?.status === 'True';
  if (!ready && mount) return { code: 'ROLLOUT_NOT_READY', why: `pod ${pod.metadata.name}: ${mount}` };
  return undefined;
}

/** What keeps a pod from being ready: '' when nothing is known to be wrong. */
export const podProblem = (pod: KubeObject, events: readonly KubeEvent[] = []): string =>
  podTrouble(pod, events)?.why ?? '';

/** True for an image that no waiting will bring: its name is no name, or the registry knows no such image. */
export const neverPulled = (trouble: Trouble): boolean =>
  trouble.code === 'IMAGE_CANNOT_BE_PULLED' &&
  /InvalidImageName|ErrImageNeverPull|manifest unknown|manifest for \S+ not found|not found$|: not found/i.test(
    trouble.why,
  );

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
