import type { StepCall } from '../../src/catalogue/call.ts';
import type { KubeEvent } from '../../src/kubernetes/events.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { neverPulled, podTrouble, type Trouble } from '../../src/kubernetes/pods.ts';
import { workloadReadiness } from '../../src/kubernetes/readiness.ts';
import type { StepScope } from '../core/step.ts';
import { type ProbeResult, waitUntil } from '../kit/wait.ts';
import type { Workload } from './components.ts';
import { readEvents } from './objects.ts';

/** Looks in a row that must show an image no waiting will bring, before the step parks without waiting on. */
const looksBeforeGivingUp = 3;

/** A workload of the control plane; undefined when it is not there. */
export const readWorkload = (
  scope: StepScope,
  { kind, name }: Pick<Workload, 'kind' | 'name'>,
): Promise<KubeObject | undefined> =>
  scope.host.read({ apiVersion: 'apps/v1', kind, name, namespace: scope.run.host.namespace });

/** Looks at one workload: rolled out, or what of its pods or its controller is in the way. */
export function rolloutProbe(scope: StepScope, workload: Workload): () => Promise<ProbeResult<true>> {
  let hopeless = 0;
  return async () => {
    const standing = await readWorkload(scope, workload);
    const why = workloadReadiness(standing, workload.kind);
    if (!why) return { value: true };
    const pods = await podsOf(scope, workload.pods);
    const found = firstTrouble(pods, await readEvents(scope));
    if (!found) return { why };
    hopeless = neverPulled(found.trouble) && standing && isOfTemplate(found.pod, standing) ? hopeless + 1 : 0;
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

/** What keeps a workload of the control plane from running: '' when it is rolled out, or nothing is known. */
export async function workloadTrouble(scope: StepScope, workload: Workload): Promise<string> {
  const why = workloadReadiness(await readWorkload(scope, workload), workload.kind);
  if (!why) return '';
  const found = firstTrouble(await podsOf(scope, workload.pods), await readEvents(scope));
  return found ? `${why}: ${found.trouble.why}` : why;
}

const imagesIn = (pod: unknown): string[] =>
  ((pod as { containers?: { image?: string }[] } | undefined)?.containers ?? []).map(({ image = '' }) => image);

/** Whether a pod has every image of the workload: one of an older version, still about to go, proves nothing. */
function isOfTemplate(pod: KubeObject, workload: KubeObject): boolean {
  const template = (workload['spec'] as { template?: { spec?: unknown } } | undefined)?.template?.spec;
  const images = new Set(imagesIn(pod['spec']));
  return imagesIn(template).every((image) => images.has(image));
}

/** Waits until the workload is rolled out. Throws the code of what is in the way when it timed out. */
export async function waitForRollout(
  scope: StepScope,
  call: Pick<StepCall, 'waitMs'>,
  workload: Workload,
): Promise<void> {
  const data = { namespace: scope.run.host.namespace, deployment: workload.name };
  await waitUntil(call, 'ROLLOUT_NOT_READY', rolloutProbe(scope, workload), { data });
}
