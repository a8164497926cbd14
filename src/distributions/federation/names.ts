import { names as common } from '../../kubernetes/names.ts';

const apiserver = 'federation-apiserver';
const controllerManager = 'federation-controller-manager';

/** Names of the objects of a federation. They are API: `down` finds by them. */
export const names = {
  ...common,
  /** Service and Deployment. */
  apiserver,
  /** Deployment, ServiceAccount, Role and RoleBinding. */
  controllerManager,
  etcdClaim: 'federation-apiserver-etcd-claim',
  /** Secret: ca.crt, ca.key. */
  caSecret: 'federation-ca',
  /** Secret: ca.crt, server.crt, server.key, token.csv. */
  apiserverCredentials: 'federation-apiserver-credentials',
  /** Secret, key kubeconfig. */
  controllerManagerKubeconfig: 'federation-controller-manager-kubeconfig',
  /** Secret, key kubeconfig. */
  adminKubeconfig: 'federation-admin-kubeconfig',
  /** Secret; its key has the same name, as kubefed had it. */
  dnsProviderConfig: 'federation-dns-provider.conf',
  /** Key of that Secret: a key file of Google, which goes beside the settings. */
  dnsProviderKey: 'key.json',
  /** Secret of type kubernetes.io/dockerconfigjson. */
  pullSecret: 'federation-image-pull',
  /** Host name of the record that `dns.apiserverRecord` asks for, in the zone's domain; it stands in the certificate. */
  apiserverRecord: (domain: string): string => `${apiserver}.${domain.replace(/\.+$/, '')}`,
} as const;

/** On the controller manager: `<federation>=<domain>`, where kubefed kept it and `kubefed join` reads it. */
export const federationsAnnotation = 'federations';

/** Secrets of the host namespace that no cluster's `secretRef` (or name, which is its default) may take. */
export const reservedSecrets: readonly string[] = [
  names.caSecret,
  names.apiserverCredentials,
  names.controllerManagerKubeconfig,
  names.adminKubeconfig,
  names.dnsProviderConfig,
  names.pullSecret,
];

/** The label that the original charts put on everything of the control plane. */
export const appLabel = 'federated-cluster';
