import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Target } from '../../control-plane/target.ts';
import { annotations } from '../../kubernetes/names.ts';
import { names } from './names.ts';
import type { Spec } from '../../spec/schema.ts';
import { defaultServiceClusterIPRange } from './spec.ts';
import { isIp } from '../../spec/texts.ts';
import { eraOf, renderFlags } from './flags.ts';
import {
  containerSecurity,
  controlPlaneObject,
  moduleLabels,
  podSecurity,
  pullSecrets,
  type Resources,
  tcpProbe,
  logAsTerminationMessage,
} from './objects.ts';

/** Port of federation-apiserver in its pod: above 1024, so that it needs no capability (kubefed init.go has the same). */
export const securePort = 8443;
/** Port of its Service. */
export const servicePort = 443;
/** Folder of its Secret in the pod (kubefed init.go). */
const credentialsFolder = '/etc/federation/apiserver';
/** Mount point of the claim; kubefed's and the charts' etcd kept its data in `data` under it. */
const etcdFolder = '/var/etcd';

const apiserverResources: Resources = {
  requests: { cpu: '100m', memory: '128Mi' },
  limits: { cpu: '1', memory: '1Gi' },
};
const etcdResources: Resources = {
  requests: { cpu: '50m', memory: '64Mi' },
  limits: { cpu: '1', memory: '512Mi' },
};

/** Service federation-apiserver: what members, people and the controller manager connect to. */
export function apiserverService(
  target: Target,
  apiserver: Pick<Spec['apiserver'], 'serviceType' | 'nodePort'>,
): KubeObject {
  const nodePort = apiserver.serviceType === 'NodePort' && apiserver.nodePort ? { nodePort: apiserver.nodePort } : {};
  const ports = [{ name: 'https', protocol: 'TCP', port: servicePort, targetPort: securePort, ...nodePort }];
  const spec = { type: apiserver.serviceType, ports, selector: moduleLabels(names.apiserver) };
  return controlPlaneObject(target, { apiVersion: 'v1', kind: 'Service', name: names.apiserver }, { spec });
}

/** The claim that etcd's data outlives its pods by. */
export function etcdClaim(target: Target, etcd: Spec['etcd']): KubeObject {
  const spec = {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: etcd.storage } },
    ...(etcd.storageClassName === undefined ? {} : { storageClassName: etcd.storageClassName }),
  };
  return controlPlaneObject(
    target,
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: names.etcdClaim },
    { spec },
  );
}

/** What the Deployment federation-apiserver is made of. */
export interface ApiserverInput {
  apiserver: Spec['apiserver'];
  images: Pick<Spec['images'], 'apiserver' | 'etcd' | 'pullSecret'>;
  /** References as the pods pull them. */
  apiserverImage: string;
  etcdImage: string;
  /** Tag of the apiserver's image, for the era of its flags. */
  version: string;
  /** IP or host name that clients use. */
  address: string;
  /** resourceVersion of the credentials: another one rolls the pods, which read them only at their start. */
  secretVersion: string;
}

/** Arguments of federation-apiserver: those of kubefed init, and the token file of the guide's time. */
export function apiserverArguments({ apiserver, images, version, address }: ApiserverInput): string[] {
  const era = eraOf({ name: images.apiserver.name, version }, apiserver.flags);
  return renderFlags(
    {
      // The flag takes an IP only; behind a host name the server advertises its own interface, as it does by default.
      'advertise-address': isIp(address) ? address : undefined,
      [era.admission]: 'NamespaceLifecycle',
      'bind-address': '0.0.0.0',
      'client-ca-file': `${credentialsFolder}/ca.crt`,
      'etcd-servers': 'http://localhost:2379',
      'secure-port': String(securePort),
      'service-cluster-ip-range': era.serviceClusterIPRange ? apiserver.serviceClusterIPRange : undefined,
      'tls-cert-file': `${credentialsFolder}/server.crt`,
      'tls-private-key-file': `${credentialsFolder}/server.key`,
      'token-auth-file': `${credentialsFolder}/token.csv`,
    },
    apiserver.extraArgs,
  );
}

/** A range of the operator's own that this image is not given, as a sentence; '' otherwise. */
export function rangeNotPassed({ apiserver, images, version }: ApiserverInput): string {
  const { serviceClusterIPRange: range } = apiserver;
  const era = eraOf({ name: images.apiserver.name, version }, apiserver.flags);
  if (era.serviceClusterIPRange || range === defaultServiceClusterIPRange) return '';
  return `apiserver.serviceClusterIPRange (${range}) is not passed: images after 1.5 need none; apiserver.extraArgs passes it`;
}

const apiserverContainer = (input: ApiserverInput): object => ({
  name: 'apiserver',
  image: input.apiserverImage,
  command: input.apiserver.command,
  args: apiserverArguments(input),
  ports: [{ name: 'https', containerPort: securePort, protocol: 'TCP' }],
  // A start may take minutes on a slow volume; once it answered, 30 s of silence is a fault.
  startupProbe: tcpProbe('https', { periodSeconds: 2, failureThreshold: 150 }),
  readinessProbe: tcpProbe('https', { periodSeconds: 5, failureThreshold: 3 }),
  livenessProbe: tcpProbe('https', { periodSeconds: 10, failureThreshold: 3 }),
  resources: apiserverResources,
  securityContext: containerSecurity,
  ...logAsTerminationMessage,
  volumeMounts: [{ name: 'credentials', mountPath: credentialsFolder, readOnly: true }],
});

/** Listens in the pod only, so no kubelet can probe it: the apiserver beside it dies and tells when etcd is gone. */
const etcdContainer = ({ images, etcdImage }: ApiserverInput): object => ({
  name: 'etcd',
  image: etcdImage,
  command: images.etcd.command,
  args: [
    `--data-dir=${etcdFolder}/data`,
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
  ],
  resources: etcdResources,
  securityContext: containerSecurity,
  ...logAsTerminationMessage,
  volumeMounts: [{ name: 'etcd-data', mountPath: etcdFolder }],
});

/** Deployment federation-apiserver: the API and its etcd in one pod. */
export function apiserverDeployment(target: Target, input: ApiserverInput): KubeObject {
  const labels = moduleLabels(names.apiserver);
  const pod = {
    // It never calls the host's API.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity,
    ...pullSecrets(input.images.pullSecret && names.pullSecret),
    containers: [apiserverContainer(input), etcdContainer(input)],
    volumes: [
      { name: 'credentials', secret: { secretName: names.apiserverCredentials } },
      { name: 'etcd-data', persistentVolumeClaim: { claimName: names.etcdClaim } },
    ],
  };
  const spec = {
    replicas: input.apiserver.replicas,
    revisionHistoryLimit: 3,
    // The claim is ReadWriteOnce and etcd locks its data: a new pod could never start beside the old one.
    strategy: { type: 'Recreate' },
    selector: { matchLabels: labels },
    template: { metadata: { labels, annotations: { [annotations.credentials]: input.secretVersion } }, spec: pod },
  };
  const kind = { apiVersion: 'apps/v1', kind: 'Deployment', name: names.apiserver, module: names.apiserver };
  return controlPlaneObject(target, kind, { spec });
}
