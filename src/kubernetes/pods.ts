import type { KubeObject } from './objects.ts';
import type { ErrorCodeName } from '../errors/codes.ts';
import { conditionOf } from './conditions.ts';
import { eventsOf, type KubeEvent, newestWarning } from './events.ts';

/** Why something is not there yet, and the code of the table that says how to fix it. */
export interface Trouble {
  code: ErrorCodeName;
  why: string;
}

interface Ended {
  reason?: string;
  message?: string;
  exitCode?: number;
}
interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: { waiting?: Ended; terminated?: Ended; running?: object };
  lastState?: { terminated?: Ended };
}
interface PodStatus {
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
/** Reasons that every container shows while it starts. */
const startingReasons: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);

const lastLines = (text: string, count: number): string => text.trim().split('\n').slice(-count).join(' | ').trim();

function ended({ reason, message, exitCode }: Ended): string {
  const how = `${reason ?? 'ended'}${exitCode === undefined ? '' : `, exit code ${exitCode}`}`;
  return message ? `${how}: ${lastLines(message, 3)}` : how;
}

function imageTrouble(where: string, waiting: Ended | undefined, events: readonly KubeEvent[]): Trouble | undefined {
  if (!waiting?.reason || !imageReasons.has(waiting.reason)) return undefined;
  // After the first failures only "Back-off pulling image" stands here; the events still tell what the registry said.
  const told = waiting.reason === 'ImagePullBackOff' ? newestWarning(events, ['Failed']) : undefined;
  const message = told ?? waiting.message ?? '';
  return { code: 'IMAGE_CANNOT_BE_PULLED', why: `${where}: ${waiting.reason}: ${message}`.trim() };
}

function crashTrouble(where: string, container: ContainerStatus): Trouble | undefined {
  const last = container.state?.terminated ?? container.lastState?.terminated;
  if (!last || container.ready === true) return undefined;
  const times = container.restartCount ?? 0;
  return { code: 'POD_CRASHES', why: `${where} ended and was started again ${times} times; last: ${ended(last)}` };
}

function containerTrouble(container: ContainerStatus, pod: string, events: readonly KubeEvent[]): Trouble | undefined {
  const waiting = container.state?.waiting;
  const where = `container ${container.name} of pod ${pod}`;
  const known = imageTrouble(where, waiting, events) ?? crashTrouble(where, container);
  if (known || !waiting?.reason || startingReasons.has(waiting.reason)) return known;
  return { code: 'ROLLOUT_NOT_READY', why: `${where}: ${waiting.reason}: ${waiting.message ?? ''}`.trim() };
}

function schedulingTrouble(pod: KubeObject): Trouble | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  const message = scheduled.message ?? scheduled.reason ?? '';
  const code = /persistentvolumeclaim/i.test(message) ? 'CLAIM_NOT_BOUND' : 'POD_UNSCHEDULABLE';
  return { code, why: `pod ${pod.metadata.name} cannot be scheduled: ${message}` };
}

/** A pod that waits for its volumes or network has containers in ContainerCreating, and says why in events only. */
function startTrouble(pod: KubeObject, events: readonly KubeEvent[]): Trouble | undefined {
  if (conditionOf(pod, 'Ready')?.status === 'True') return undefined;
  const message = newestWarning(events, ['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox']);
  return message ? { code: 'ROLLOUT_NOT_READY', why: `pod ${pod.metadata.name}: ${message}` } : undefined;
}

/** What keeps a pod from being ready, with the code for it; undefined when nothing is known to be wrong. */
export function podTrouble(pod: KubeObject, events: readonly KubeEvent[] = []): Trouble | undefined {
  if (pod.metadata.deletionTimestamp) return undefined;
  const unscheduled = schedulingTrouble(pod);
  if (unscheduled) return unscheduled;
  const mine = eventsOf(events, pod);
  const status = (pod['status'] as PodStatus | undefined) ?? {};
  for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const trouble = containerTrouble(container, pod.metadata.name, mine);
    if (trouble) return trouble;
  }
  return startTrouble(pod, mine);
}

/** What keeps a pod from being ready: '' when nothing is known to be wrong. */
export const podProblem = (pod: KubeObject, events: readonly KubeEvent[] = []): string =>
  podTrouble(pod, events)?.why ?? '';

/** True for an image that no waiting will bring: its name is no name, or the registry knows no such image. */
export const neverPulled = ({ code, why }: Trouble): boolean =>
  code === 'IMAGE_CANNOT_BE_PULLED' && /InvalidImageName|ErrImageNeverPull|manifest unknown|not found/i.test(why);
