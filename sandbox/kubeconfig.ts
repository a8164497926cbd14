import { stringify } from 'yaml';

/** Who a context authenticates as. PEM texts, not base64. */
type User = { token: string } | { clientCertificate: string; clientKey: string };

/** A context with its cluster and user, all three of one name. */
export interface ContextEntry {
  cluster: { name: string; cluster: object };
  user: { name: string; user: object };
  context: { name: string; context: object };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Makes the three entries of a context. */
export function contextEntry(
  name: string,
  { server, ca, user }: { server: string; ca: string; user: User },
): ContextEntry {
  return {
    cluster: { name, cluster: { server, 'certificate-authority-data': base64(ca) } },
    user: {
      name,
      user:
        'token' in user
          ? user
          : { 'client-certificate-data': base64(user.clientCertificate), 'client-key-data': base64(user.clientKey) },
    },
    context: { name, context: { cluster: name, user: name } },
  };
}

/** Text of a kubeconfig with these contexts; the first is current. */
export const kubeconfigOf = (entries: readonly ContextEntry[]): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: entries.map(({ cluster }) => cluster),
    users: entries.map(({ user }) => user),
    contexts: entries.map(({ context }) => context),
    'current-context': entries[0]?.context.name ?? '',
  });
