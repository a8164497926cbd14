import { parse } from 'yaml';
import { kubeconfigOf } from '../../src/control-plane/kubeconfig.ts';
import { kubeconfigText } from '../../src/control-plane/member-manifests.ts';
import type { Ensured } from '../core/objects.ts';
import { type KeyPair, type Leaf, leafFor, type LeafWanted } from '../core/pki.ts';
import type { StepScope } from '../core/step.ts';
import { readAuthority } from './authority.ts';
import { base64, fromBase64, secretText } from '../kit/secret-text.ts';
import { ensureSecret, readSecret, type SecretMaker } from './secrets.ts';

/** Keeps what is there out of the pair: `undefined` values are absent under exactOptionalPropertyTypes. */
export const pair = (certificate: string | undefined, key: string | undefined): Partial<KeyPair> => ({
  ...(certificate ? { certificate } : {}),
  ...(key ? { key } : {}),
});

/** Who a kubeconfig speaks as, where, and in which Secret it stands. */
export interface Access {
  secret: string;
  context: string;
  server: string;
  commonName: string;
  /** Secret of the authority that its certificate comes from. */
  authority: string;
}

/** A Secret with a kubeconfig and a client certificate of its own; both are kept while they serve. */
export async function ensureKubeconfig(
  scope: StepScope,
  make: SecretMaker,
  access: Access,
): Promise<{ done: Ensured; leaf: Leaf }> {
  const authority = await readAuthority(scope, access.authority);
  const stored = secretText(await readSecret(scope, access.secret), 'kubeconfig');
  const wanted: LeafWanted = {
    commonName: access.commonName,
    organization: 'system:masters',
    usage: 'client',
    sans: [],
  };
  const leaf = await leafFor(authority, wanted, userIn(stored));
  const kubeconfig = kubeconfigOf({
    context: access.context,
    server: access.server,
    caBase64: base64(authority.certificate),
    certificateBase64: base64(leaf.certificate),
    keyBase64: base64(leaf.key),
  });
  const done = await ensureSecret(scope, make, access.secret, { kubeconfig: kubeconfigText(kubeconfig, stored) });
  return { done, leaf };
}

/** Certificate and key of the first user of a kubeconfig; nothing from a text that is none. */
function userIn(text: string | undefined): Partial<KeyPair> {
  type User = { 'client-certificate-data'?: string; 'client-key-data'?: string };
  const decode = (value: unknown): string | undefined => (typeof value === 'string' ? fromBase64(value) : undefined);
  try {
    const user = (parse(text ?? '') as { users?: { user?: User }[] } | null)?.users?.[0]?.user;
    return pair(decode(user?.['client-certificate-data']), decode(user?.['client-key-data']));
  } catch {
    return {};
  }
}
