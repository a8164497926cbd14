import type { PlannedObject } from '../../../src/catalogue/planned.ts';

/** An object of a plan that stood as it is wanted; tests say what matters to them. */
export const aPlanned: PlannedObject = {
  steps: [],
  cluster: 'host',
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: 'federation',
  name: 'one',
  action: 'keep',
  uid: null,
  resourceVersion: null,
  standing: null,
  wanted: null,
};
