import { defineErrors, type ErrorData } from './types.ts';

const inNamespace = (data: ErrorData): string => ` -n ${data['namespace'] ?? 'NAMESPACE'}`;

/** Codes about the host cluster and the control plane in it. */
export const hostErrors = defineErrors({
  NO_ADDRESS: {
    retry: 'never',
    title: 'the API server of the control plane has no address that clients can use',
    fix: (d) => [
      `look at its events: kubectl describe service ${d['service'] ?? 'SERVICE'}${inNamespace(d)}`,
      'a host without load balancers: apiserver.serviceType: NodePort, then fedctl retry NAME -f FILE',
      'an address known beforehand: apiserver.advertiseAddress',
      'allow more time: policy.waits.loadBalancer',
    ],
  },
  CA_UNUSABLE: {
    retry: 'never',
    title: 'the certificate authority of the federation cannot be used',
    fix: (d) => [
      `restore Secret ${d['secret'] ?? 'SECRET'}${inNamespace(d)} from a backup, with keys ca.crt and ca.key`,
      'or delete it: all certificates are then issued again, and every kubeconfig of the federation must be fetched again',
    ],
  },
  CLAIM_NOT_BOUND: {
    retry: 'never',
    title: 'the PersistentVolumeClaim of etcd is not Bound',
    fix: (d) => [
      `look at its events: kubectl describe pvc ${d['claim'] ?? 'CLAIM'}${inNamespace(d)}`,
      'name a StorageClass that provisions volumes: etcd.storageClassName (kubectl get storageclass)',
      'allow more time: policy.waits.claim',
    ],
  },
  POD_UNSCHEDULABLE: {
    retry: 'never',
    title: 'a pod of the control plane cannot be scheduled in the host cluster',
    fix: () => [
      'free resources or add nodes, as the message above asks',
      'or lower the requests, or add tolerations, by spec.patches of the Deployment',
    ],
  },
  IMAGE_CANNOT_BE_PULLED: {
    retry: 'never',
    title: 'the nodes of the host cluster cannot pull an image',
    fix: () => [
      'correct images.*.registry, name and version in the spec, then: fedctl retry NAME -f FILE',
      'a registry that requires a login: images.pullSecret.fromDockerConfig',
    ],
  },
  POD_CRASHES: {
    retry: 'never',
    title: 'a container of the control plane keeps crashing (CrashLoopBackOff)',
    fix: (d) => [
      `read its log: kubectl logs --previous${inNamespace(d)} deployment/${d['deployment'] ?? 'DEPLOYMENT'} --all-containers`,
      'a flag that the image does not know: apiserver.flags, or extraArgs with an empty value to leave one out',
    ],
  },
  ROLLOUT_NOT_READY: {
    retry: 'never',
    title: 'a Deployment of the control plane did not become Available in time',
    fix: (d) => [
      `look at it: kubectl describe deployment ${d['deployment'] ?? ''}${inNamespace(d)}`,
      'allow more time: policy.waits.rollout',
    ],
  },
  APISERVER_NOT_HEALTHY: {
    retry: 'never',
    title: 'the API server of the control plane does not answer /healthz through its address',
    fix: (d) => [
      `try it from the worker: curl -k ${d['server'] ?? 'https://ADDRESS'}/healthz`,
      'firewalls and security groups between the worker and that address must let it through',
    ],
  },
  FILE_NOT_READABLE: {
    retry: 'never',
    title: 'the worker cannot read a file that the spec names',
    fix: (d) => [`put ${d['path'] ?? 'the file'} where the worker can read it, or correct ${d['field'] ?? 'the path'}`],
  },
  CONTROL_PLANE_NOT_READY: {
    retry: 'never',
    title: 'the control plane is not ready',
    fix: (d) => [`look at it: kubectl get deployments,pods${inNamespace(d)}`],
  },
  CHECK_POD_FAILED: {
    retry: 'never',
    title: 'the pod of check --in-cluster could not run its checks',
    fix: (d) => [
      'an image that the nodes can pull, with sh, tr, wget and nslookup: check.image',
      `look at what keeps pods from starting there: kubectl get events${inNamespace(d)}`,
    ],
  },
  CLUSTERS_NOT_READY: {
    retry: 'never',
    title: 'not every member is reported Ready by the federation',
    fix: () => [
      'look at each member named above: fedctl status NAME',
      'the host cluster itself must reach the member: fedctl check -f FILE --in-cluster',
      'allow more time: policy.waits.clusterReady',
    ],
  },
});
