/** What each step tells the ones after it. Small and free of secrets: it stands in history. Steps not here tell nothing. */
export interface StepFacts {
  /** Kubernetes version of the host, and UID of its kube-system namespace (its identity). */
  'preflight/host': { version: string; clusterUid: string };
  /**
   * References pinned by digest, as the pods will pull them; '' for images that the run builds. `there`: what it would
   * build and the registry has already, so that nothing is built; '' otherwise. `platforms`: of the host's nodes, none
   * where they are not known.
   */
  'preflight/images': {
    apiserver: string;
    controllerManager: string;
    etcd: string;
    there: string;
    platforms: string[];
  };
  /** The worker that has the binaries, and what the source folder was like right after they were built. */
  'images/binaries': { worker: string; source: string };
  'images/build': { imageId: string; tag: string };
  'images/owner': { owned: boolean };
  /** Reference pushed (registry/name:tag) and its manifest digest. */
  'images/push': { reference: string; digest: string };
  /** What the pods will run, pinned by digest. `version` is the tag, for the era of flags. */
  'images/record': { apiserver: string; controllerManager: string; etcd: string; version: string };
  /** `uuid` of the label on the namespace, of an existing record, or else the one proposed by the run. */
  'host/namespace': { uuid: string; created: boolean };
  'host/record': { uuid: string };
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
  /** `controllerZone`: its id as the control plane's own controller has it; '' where that knows none. */
  'dns/zone': { zoneId: string; nameServers: string[]; controllerZone: string };
  /** What is not right, and the records to have in the zone above, a line each; both empty when all is right. */
  'dns/delegation': { state: 'right' | 'missing' | 'wrong' | 'unknown'; problems: string[]; records: string[] };
  'clusters/{cluster}/reach': { version: string; clusterUid: string };
  /** resourceVersion of the Secret in the host: register makes the Cluster again when it changed. */
  'clusters/{cluster}/credentials': { secretName: string; secretVersion: string };
  /** `changed`: the serving pods do not have the configuration yet; `pods`: their UIDs, ledgered before the edit. */
  'clusters/{cluster}/cluster-dns': { shape: string; changed: boolean; pods: string[] };
}

/** Facts of one step: `{}` where the table above has none. */
export type FactsOf<Id extends string> = Id extends keyof StepFacts ? StepFacts[Id] : object;
