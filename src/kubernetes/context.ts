/** What a context of a kubeconfig says, for building another kubeconfig from it. `user` stays inside one activity. */
export interface ContextFacts {
  server: string;
  /** PEM; undefined with insecure-skip-tls-verify or a system CA. */
  caData?: string | undefined;
  tlsServerName?: string | undefined;
  insecureSkipTlsVerify: boolean;
  user:
    | { token?: string; clientCertificateData?: string; clientKeyData?: string; username?: string; password?: string }
    | undefined;
  /** `exec` and `auth-provider` users cannot be copied into a pod. */
  userKind: 'static' | 'exec' | 'auth-provider' | 'none';
}
