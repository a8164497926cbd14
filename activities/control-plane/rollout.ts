import type { StepCall } from '../../src/catalogue/call.ts';
import type { KubeEvent } from '../../src/kubernetes/events.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { neverPulled, podTrouble, type Trouble } from '../../src/kubernetes/pods.ts';
import { deploymentReadiness } from '../../src/kubernetes/readiness.ts';
import type { StepScope } from '../core/step.ts';
import { type ProbeResult, waitUntil } from '../kit/wait.ts';
import { readEvents } from './objects.ts';

/** A program of the control plane as the host runs it. */
export interface Workload {
  /** Name of its Deployment. */
  name: string;
  /** Label selector of its pods. */
  pods: string;
}

/** Looks in a row that must show an image no waiting will bring, before the step parks without waiting on. */
const looksBeforeGivingUp = 3;

/** A Deployment of the control plane; undefined when it is not there. */
export const readDeployment = (scope: StepScope, name: string): Promise<KubeObject | undefined> =>
  scope.host.read({ apiVersion: 'apps/v1', kind: 'Deployment', name, namespace: scope.run.host.namespace });

/** Looks at one Deployment: rolled out, or what of its pods or its controller is in the way. */
export function rolloutProbe(
  scope: StepScope,
  { name, pods: labelSelector }: Workload,
): () => Promise<ProbeResult<true>> {
  let hopeless = 0;
  return async () => {
    const deployment = await readDeployment(scope, name);
    const why = deploymentReadiness(deployment);
    if (!why) return { value: true };
    const pods = await podsOf(scope, labelSelector);
    const found = firstTrouble(pods, await readEvents(scope));
    if (!found) return { why };
    hopeless = neverPulled(found.trouble) && deployment && isOfTemplate(found.pod, deployment) ? hopeless + 1 : 0;
    return { ...found.trouble, why: `${why}: ${found.trouble.why}`, final: hopeless >= looksBeforeGivingUp };
  };
}

const podsOf = (scope: StepScope, labelSelector: string): Promise<KubeObject[]> =>
  scope.host.list({ apiVersion: 'v1', kind: 'Pod', namespace: scope.run.host.namespace, labelSelector });

function firstTrouble(
  pods: readonly KubeObject[],
  events: readonly KubeEvent[],
): { pod: KubeObject; trouble: Trouble } | undefined {
  for (const pod of pods) {
    const trouble = podTrouble(pod, events);
    if (trouble) return { pod, trouble };
  }
  return undefined;
}

/** What keeps a Deployment of the control plane from running: '' when it is rolled out, or nothing is known. */
export async function deploymentTrouble(scope: StepScope, { name, pods }: Workload): Promise<string> {
  const why = deploymentReadiness(await readDeployment(scope, name));
  if (!why) return '';
  const found = firstTrouble(await podsOf(scope, pods), await readEvents(scope));
  return found ? `${why}: ${found.trouble.why}` : why;
}

const imagesIn = (pod: unknown): string[] =>
  ((pod as { containers?: { image?: string }[] } | undefined)?.containers ?? []).map(({ image = '' }) => image);

/** Whether a pod has every image of the Deployment: one of an older version, still about to go, proves nothing. */
function isOfTemplate(pod: KubeObject, deployment: KubeObject): boolean {
  const template = (deployment['spec'] as { template?: { spec?: unknown } } | undefined)?.template?.spec;
  const images = new Set(imagesIn(pod['spec']));
  return imagesIn(template).every((image) => images.has(image));
}

/** Waits until the Deployment is rolled out. Throws the code of what is in the way when it timed out. */
export async function waitForRollout(
  scope: StepScope,
  call: Pick<StepCall, 'waitMs'>,
  workload: Workload,
): Promise<void> {
  const data = { namespace: scope.run.host.namespace, deployment: workload.name };
  await waitUntil(call, 'ROLLOUT_NOT_READY', rolloutProbe(scope, workload), { data });
}
