import type { KubeObject } from './objects.ts';

/** One entry of `status.conditions`, as most Kubernetes objects have it. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/** The condition of that type; undefined when the object has none. */
export const conditionOf = (object: KubeObject, type: string): Condition | undefined =>
  (object['status'] as { conditions?: Condition[] } | undefined)?.conditions?.find((one) => one.type === type);
