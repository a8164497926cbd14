/**
 * What each step of all distributions tells the ones after it. Small and free of secrets: it stands in history. Steps not
 * here tell nothing. Pinned references go by the keys of a distribution's own images, which it adds.
 */
export interface StepFacts {
  /** Kubernetes version of the host, and UID of its kube-system namespace (its identity). */
  'preflight/host': { version: string; clusterUid: string };
  /**
   * References pinned by digest, as the pods will pull them; '' for images that the run builds. `there`: what it would
   * build and the registry has already, so that nothing is built; '' otherwise. `platforms`: of the host's nodes, none
   * where they are not known.
   */
  'preflight/images': { there: string; platforms: string[] };
  /** The worker that has the binaries, and what the source folder was like right after they were built. */
  'images/binaries': { worker: string; source: string };
  'images/build': { imageId: string; tag: string };
  'images/owner': { owned: boolean };
  /** Reference pushed (registry/name:tag) and its manifest digest. */
  'images/push': { reference: string; digest: string };
  /** What the pods will run, pinned by digest. `version` is the tag, for the era of flags. */
  'images/record': { version: string };
  /** `uuid` of the label on the namespace, of an existing record, or else the one proposed by the run. */
  'host/namespace': { uuid: string; created: boolean };
  'host/record': { uuid: string };
  /** `controllerZone`: its id as the control plane's own controller has it; '' where that knows none. */
  'dns/zone': { zoneId: string; nameServers: string[]; controllerZone: string };
  /** What is not right, and the records to have in the zone above, a line each; both empty when all is right. */
  'dns/delegation': { state: 'right' | 'missing' | 'wrong' | 'unknown'; problems: string[]; records: string[] };
  'clusters/{cluster}/reach': { version: string; clusterUid: string };
  /** resourceVersion of the Secret in the host: register makes the Cluster again when it changed. */
  'clusters/{cluster}/credentials': { secretName: string; secretVersion: string };
}

/** Facts of one step by such a table: `{}` where it has none. */
export type FactsIn<Table, Id extends string> = Id extends keyof Table ? Table[Id] & object : object;
