import { codeOf } from '../../src/errors/step-error.ts';
import { type Patch, patched } from '../../src/control-plane/patches.ts';
import type { Target } from '../../src/control-plane/target.ts';
import type { KubeEvent } from '../../src/kubernetes/events.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { type Ensured, ensureObject, ensureObjects } from '../core/objects.ts';
import type { StepScope } from '../core/step.ts';

/** Where the control plane of this run stands. */
export const targetOf = (scope: StepScope): Target => ({
  federation: scope.run.federation,
  namespace: scope.run.host.namespace,
});

/** Rendered objects of the control plane, with the spec's last word on them, brought to the host. */
export const ensureAllPatched = (
  scope: StepScope,
  objects: readonly KubeObject[],
  patches: readonly Patch[],
): Promise<Ensured[]> =>
  ensureObjects(
    scope,
    'host',
    objects.map((object) => patched(object, patches)),
  );

/** One rendered object; see ensureAllPatched. */
export const ensurePatched = (scope: StepScope, object: KubeObject, patches: readonly Patch[]): Promise<Ensured> =>
  ensureObject(scope, 'host', patched(object, patches));

/**
 * Events of the host namespace, about one object when it is named. They only explain: without the right to read them
 * a wait goes on without them.
 */
export async function readEvents(scope: StepScope, about?: KubeObject): Promise<KubeEvent[]> {
  const namespace = scope.run.host.namespace;
  const fieldSelector = about && `involvedObject.name=${about.metadata.name}`;
  try {
    return (await scope.host.list({ apiVersion: 'v1', kind: 'Event', namespace, fieldSelector })) as KubeEvent[];
  } catch (error) {
    if (codeOf(error) === 'FORBIDDEN') return [];
    throw error;
  }
}
