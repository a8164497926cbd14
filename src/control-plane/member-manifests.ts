import { parse, stringify } from 'yaml';
import { canonical } from '../spec/canonical.ts';
import type { ContextFacts } from '../kubernetes/context.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { names } from '../kubernetes/names.ts';

/** Who the federation is in a member. */
export interface IdentityInput {
  federation: string;
  cluster: string;
  /** The host's namespace name, which the member gets too. */
  namespace: string;
}

/** The namespace of the identity; made only where there is none of this name. */
export const memberNamespace = (namespace: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: namespace },
});

/**
 * ServiceAccount, its token Secret, ClusterRole and ClusterRoleBinding, in the order they are made. Since Kubernetes
 * 1.24 no token Secret appears by itself: it is asked for by its type and annotation. The rights are those that
 * `kubefed join` gives: everything, and GET /healthz for the control plane's probe.
 */
export function memberIdentity({ federation, cluster, namespace }: IdentityInput): KubeObject[] {
  const name = names.memberIdentity(federation, cluster);
  const role = names.memberRole(federation, cluster);
  const rbac = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, annotations: { 'kubernetes.io/service-account.name': name } },
      type: 'kubernetes.io/service-account-token',
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: role },
      rules: [
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
        { nonResourceURLs: ['/healthz'], verbs: ['get'] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: role },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
}

/** What the kubeconfig in the host's Secret is made of. SECRET: stays inside one activity. */
export interface MemberAccess {
  cluster: string;
  server: string;
  /** PEM; undefined: the system's CAs, or none with `insecure`. */
  ca: string | undefined;
  insecure: boolean;
  tlsServerName?: string | undefined;
  user: NonNullable<ContextFacts['user']>;
}

/** The kubeconfig document, with all files inlined: it is read in a pod of the host. `base64` encodes UTF-8 text. */
export function memberKubeconfig(access: MemberAccess, base64: (text: string) => string): object {
  const { cluster: name, server, ca, insecure, tlsServerName, user } = access;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: {
          server,
          ...(ca ? { 'certificate-authority-data': base64(ca) } : {}),
          ...(insecure && !ca ? { 'insecure-skip-tls-verify': true } : {}),
          ...(tlsServerName ? { 'tls-server-name': tlsServerName } : {}),
        },
      },
    ],
    users: [{ name, user: userEntry(user, base64) }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}

function userEntry(user: MemberAccess['user'], base64: (text: string) => string): object {
  return {
    ...(user.token ? { token: user.token } : {}),
    ...(user.clientCertificateData ? { 'client-certificate-data': base64(user.clientCertificateData) } : {}),
    ...(user.clientKeyData ? { 'client-key-data': base64(user.clientKeyData) } : {}),
    ...(user.username ? { username: user.username } : {}),
    ...(user.password ? { password: user.password } : {}),
  };
}

/** The text to store: the one that is stored where it already means the same (whoever formatted it), else a new one. */
export function kubeconfigText(wanted: object, stored: string | undefined): string {
  return stored !== undefined && means(stored, wanted) ? stored : stringify(wanted);
}

function means(text: string, wanted: object): boolean {
  try {
    return JSON.stringify(canonical(parse(text))) === JSON.stringify(canonical(wanted));
  } catch {
    return false;
  }
}

/** The Secret of a member in the host namespace, as the guide registers it: one key, `kubeconfig` (base64). */
export const credentialsSecret = (name: string, namespace: string, kubeconfig: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  type: 'Opaque',
  data: { kubeconfig },
});
