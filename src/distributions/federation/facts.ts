import type { StepFacts } from '../../catalogue/facts.ts';

/** References by the keys of the federation's images. */
interface Pinned {
  apiserver: string;
  controllerManager: string;
  etcd: string;
}

/** What the steps of a federation tell the ones after them. */
export interface FederationFacts extends StepFacts {
  'preflight/images': StepFacts['preflight/images'] & Pinned;
  'images/record': StepFacts['images/record'] & Pinned;
  /** What members and kubectl use: ip or hostname, and port. */
  'apiserver/address': { address: string; kind: 'ip' | 'hostname'; port: number };
  /** SHA-256 of the CA certificate. */
  'apiserver/certificates': { caFingerprint: string };
  /** resourceVersion of the Secret: a changed one rolls the Deployment. */
  'apiserver/credentials': { secretVersion: string; expires: string };
  'controller-manager/credentials': { secretVersion: string };
  /** `key`: the Secret holds a key file of Google beside the settings. */
  'controller-manager/dns-credentials': { secretVersion: string; key: boolean };
  'admin/kubeconfig': { expires: string };
  /** `changed`: the serving pods do not have the configuration yet; `pods`: their UIDs, ledgered before the edit. */
  'clusters/{cluster}/cluster-dns': { shape: string; changed: boolean; pods: string[] };
}
