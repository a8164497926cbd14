/** A client's way into a federation; certificate and key as PEM in base64. */
export interface KubeconfigInput {
  /** Name of cluster, user and context alike. */
  context: string;
  server: string;
  caBase64: string;
  certificateBase64: string;
  keyBase64: string;
}

/** A kubeconfig with one context, as an object; the caller writes it down and stores it where secrets belong. */
export const kubeconfigOf = (input: KubeconfigInput): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': input.context,
  clusters: [{ name: input.context, cluster: { server: input.server, 'certificate-authority-data': input.caBase64 } }],
  users: [
    {
      name: input.context,
      user: { 'client-certificate-data': input.certificateBase64, 'client-key-data': input.keyBase64 },
    },
  ],
  contexts: [{ name: input.context, context: { cluster: input.context, user: input.context } }],
});
