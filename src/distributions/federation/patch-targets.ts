import { names } from './names.ts';

/** Objects that a patch may name. A patch for any other would do nothing, which the spec's rules refuse. */
export const patchTargets: readonly { apiVersion: string; kind: string; name: string }[] = [
  { apiVersion: 'v1', kind: 'Service', name: names.apiserver },
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: names.etcdClaim },
  { apiVersion: 'apps/v1', kind: 'Deployment', name: names.apiserver },
  { apiVersion: 'apps/v1', kind: 'Deployment', name: names.controllerManager },
  { apiVersion: 'v1', kind: 'ServiceAccount', name: names.controllerManager },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', name: names.controllerManager },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', name: names.controllerManager },
];
