import type { KubeObject } from '../../../src/kubernetes/objects.ts';

/** A container as tests bend it. */
export interface TestContainer {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  volumeMounts?: { name: string; mountPath: string }[];
}

/** kube-dns as Kubernetes 1.4 installed it (the guide's kube-dns-v18); kubedns stands second, so that place proves nothing. */
export function kubeDnsV18(bend: (containers: TestContainer[]) => void = () => {}): KubeObject {
  const containers: TestContainer[] = [
    {
      name: 'dnsmasq',
      image: 'gcr.io/google_containers/kube-dnsmasq-amd64:1.3',
      args: ['--cache-size=1000', '--no-resolv', '--server=127.0.0.1#10053'],
    },
    {
      name: 'kubedns',
      image: 'gcr.io/google_containers/kubedns-amd64:1.6',
      args: ['--domain=cluster.local.', '--dns-port=10053'],
    },
    { name: 'healthz', image: 'gcr.io/google_containers/exechealthz-amd64:1.1', args: ['-port=8080', '-quiet'] },
  ];
  bend(containers);
  const labels = { 'k8s-app': 'kube-dns', version: 'v18' };
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'kube-dns-v18', namespace: 'kube-system', resourceVersion: '7', labels },
    spec: { replicas: 1, selector: labels, template: { metadata: { labels }, spec: { containers } } },
  };
}

/** kube-dns as a Deployment (Kubernetes 1.5 and later). */
export function kubeDnsDeployment(given: {
  mounts?: boolean;
  command?: string[];
  args?: string[];
  replicas?: number;
}): KubeObject {
  const { mounts = false, command, args = ['--domain=cluster.local.'], replicas = 1 } = given;
  const labels = { 'k8s-app': 'kube-dns' };
  const kubedns: TestContainer = {
    name: 'kubedns',
    image: 'gcr.io/google_containers/k8s-dns-kube-dns-amd64:1.14.13',
    ...(command ? { command } : {}),
    args,
    ...(mounts ? { volumeMounts: [{ name: 'config', mountPath: '/kube-dns-config' }] } : {}),
  };
  const volumes = mounts ? [{ name: 'config', configMap: { name: 'kube-dns', optional: true } }] : [];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kube-dns', namespace: 'kube-system', resourceVersion: '7', labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [kubedns], volumes } },
    },
  };
}

/** CoreDNS as kubeadm installs it: with the label of kube-dns. */
export function coreDns(given: { version?: string; mounts?: boolean } = {}): KubeObject {
  const { version = 'v1.11.1', mounts = true } = given;
  const labels = { 'k8s-app': 'kube-dns' };
  const container = {
    name: 'coredns',
    image: `registry.k8s.io/coredns/coredns:${version}`,
    args: ['-conf', '/etc/coredns/Corefile'],
    ...(mounts ? { volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }] } : {}),
  };
  const configMap = { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] };
  const volumes = mounts ? [{ name: 'config-volume', configMap }] : [];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: 'kube-system', labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container], volumes } },
    },
  };
}
