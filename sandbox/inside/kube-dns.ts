const namespace = 'kube-system';
const labels = { 'k8s-app': 'kube-dns' };

/** Pods of kube-dns as the guide's clusters ran them; `version` tells a ReplicationController's pods from others'. */
const template = (selector: Record<string, string>, configured: boolean): object => ({
  metadata: { labels: { ...labels, ...selector } },
  spec: {
    containers: [
      {
        name: 'kubedns',
        image: 'gcr.io/google_containers/kubedns-amd64:1.6',
        args: ['--domain=cluster.local.', '--dns-port=10053', ...(configured ? ['--config-dir=/kube-dns-config'] : [])],
        ports: [{ containerPort: 10053, name: 'dns-local', protocol: 'UDP' }],
        ...(configured ? { volumeMounts: [{ name: 'kube-dns-config', mountPath: '/kube-dns-config' }] } : {}),
      },
      {
        name: 'dnsmasq',
        image: 'gcr.io/google_containers/kube-dnsmasq-amd64:1.3',
        args: ['--cache-size=1000', '--no-resolv', '--server=127.0.0.1#10053'],
        ports: [{ containerPort: 53, name: 'dns', protocol: 'UDP' }],
      },
    ],
    dnsPolicy: 'Default',
    ...(configured ? { volumes: [{ name: 'kube-dns-config', configMap: { name: 'kube-dns', optional: true } }] } : {}),
  },
});

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kube-dns', namespace, labels },
  spec: { selector: labels, ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] },
};

/** The guide's shape: a ReplicationController called kube-dns-v18; the flag goes into its arguments. */
export const kubeDnsController: readonly object[] = [
  service,
  {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'kube-dns-v18', namespace, labels: { ...labels, version: 'v18' } },
    spec: { replicas: 1, selector: { ...labels, version: 'v18' }, template: template({ version: 'v18' }, false) },
  },
];

/** The later shape: a Deployment that reads the ConfigMap kube-dns; the key `federations` goes into that. */
export const kubeDnsDeployment: readonly object[] = [
  service,
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kube-dns', namespace },
    data: { upstreamNameservers: '[]' },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kube-dns', namespace, labels },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: template({}, true) },
  },
];
