import type { Settings } from '../settings.ts';
import { storageClass } from './cloud-volumes.ts';
import { hostFiles } from './host.ts';
import { clusterDns } from './host-files.ts';
import { imageNames } from './images.ts';
import { applyObjects, kubectl } from './kubectl.ts';

const name = 'coredns';
const namespace = 'kube-system';
const labels = { 'k8s-app': 'kube-dns' };
const corefile = '.:53 {\n  errors\n  ready\n  kubernetes cluster.local in-addr.arpa\n  cache 5\n}\n';

/** Cluster DNS of the host: federation-controller-manager finds federation-apiserver by name. */
const coredns = ({ layout }: Settings): object[] => [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { Corefile: corefile } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'system:coredns' },
    rules: [
      { apiGroups: [''], resources: ['services', 'namespaces', 'pods', 'endpoints'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'system:coredns' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace, labels },
    spec: {
      clusterIP: clusterDns,
      selector: labels,
      ports: ['UDP', 'TCP'].map((protocol) => ({ name: `dns-${protocol.toLowerCase()}`, port: 53, protocol })),
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          dnsPolicy: 'Default',
          containers: [
            {
              name,
              image: `${layout.registry}/${imageNames.coredns}`,
              args: ['-conf', '/etc/coredns/Corefile'],
              volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
              readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
            },
          ],
          volumes: [{ name: 'config', configMap: { name } }],
        },
      },
    },
  },
];

const defaultClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: storageClass.name, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: storageClass.provisioner,
  reclaimPolicy: 'Delete',
};

/** What a managed cluster would bring along: cluster DNS and a default storage class. */
export const applyAddons = (settings: Settings): Promise<void> =>
  applyObjects(settings, hostFiles(settings).system, [...coredns(settings), defaultClass]);

/** Waits until the host's cluster DNS serves. */
export const waitForClusterDns = (settings: Settings): Promise<string> =>
  kubectl(settings, hostFiles(settings).system, [
    ...['-n', namespace, 'rollout', 'status'],
    ...['deployment/coredns', '--timeout=120s'],
  ]);
