/** Namespace of a control plane that nobody named. */
export const defaultNamespace = 'federation';

/** Field manager of every server-side apply, and value of label app.kubernetes.io/managed-by. */
export const fieldManager = 'fedctl';

/** Label keys that fedctl writes and reads. */
export const labels = {
  /** Carries the federation's uuid: only what has it is ever deleted. */
  federation: 'fedctl/federation',
  managedBy: 'app.kubernetes.io/managed-by',
  /** On a Job that checks from inside of the host cluster: the federation's name. */
  check: 'fedctl/check',
} as const;

/** Annotation keys that fedctl writes and reads. */
export const annotations = {
  /** On pod templates: resourceVersion of the Secret that the pods read at their start. */
  credentials: 'fedctl/credentials',
  /** On a namespace that fedctl made: the federation's name, for whoever finds it without a record. */
  federationName: 'fedctl/federation-name',
} as const;

/** Labels of everything that fedctl makes, for server-side apply and for finding it again. */
export const labelsFor = (uuid: string): Record<string, string> => ({
  [labels.managedBy]: fieldManager,
  [labels.federation]: uuid,
});

/** FNV-1a over UTF-16 units: short and stable. It only tells long names apart, it secures nothing. */
const shortHash = (text: string): string => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(36).padStart(7, '0');
};

/**
 * Cuts a name to a DNS-1123 label of at most 63 characters. What is cut goes from the front of the variable part,
 * because the tail (the cluster) tells more; a hash of the whole keeps two long names apart.
 */
const labelSafe = (prefix: string, rest: string): string => {
  const whole = `${prefix}-${rest}`;
  if (whole.length <= 63) return whole;
  const hash = shortHash(whole);
  const tail = rest.slice(-(63 - prefix.length - hash.length - 2)).replace(/^-+/, '');
  return `${prefix}-${hash}-${tail}`;
};

/** Names of the objects of every federation, in the host namespace and in the members. They are API: `down` finds by them. */
export const names = {
  /** ConfigMap. */
  record: 'fedctl-record',
  /** ConfigMap of the host's own steps. */
  ledger: 'fedctl-ledger',
  /** ConfigMap of the steps of one member. */
  ledgerOf: (cluster: string): string => `fedctl-ledger-${cluster}`,
  /** Lease. */
  lease: 'fedctl-owner',
  /** In the member: ServiceAccount and token Secret. At most 63 characters. */
  memberIdentity: (federation: string, cluster: string): string => labelSafe('fedctl', `${federation}-${cluster}`),
  /** In the member: ClusterRole and ClusterRoleBinding. RBAC names may hold colons and be long. */
  memberRole: (federation: string, cluster: string): string => `fedctl:${federation}:${cluster}`,
} as const;
