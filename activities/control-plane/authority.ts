import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { type Ensured, ensureObject } from '../core/objects.ts';
import { assertUsable, fingerprintOf, type KeyPair, newAuthority } from '../core/pki.ts';
import type { StepScope } from '../core/step.ts';
import { failure } from '../kit/fail.ts';
import { encoded, readSecret, type SecretMaker } from './secrets.ts';
import { secretText } from '../kit/secret-text.ts';

/**
 * A certificate authority in a Secret (`ca.crt`, `ca.key`), made once: while its Secret stands it is never made anew,
 * because every kubeconfig trusts it. Throws FOREIGN, and CA_UNUSABLE for one that cannot issue.
 */
export async function ensureAuthority(
  scope: StepScope,
  make: SecretMaker,
  name: string,
): Promise<{ outcome: Ensured['outcome']; caFingerprint: string }> {
  const standing = await readSecret(scope, name);
  const wanted = standing ?? (await newSecret(scope, make, name));
  const { outcome, object } = await ensureObject(scope, 'host', wanted, { secretOnce: true });
  return { outcome, caFingerprint: fingerprintOf(pairIn(scope, object).certificate) };
}

async function newSecret(scope: StepScope, make: SecretMaker, name: string): Promise<KubeObject> {
  const { certificate, key } = await newAuthority(scope.run.federation);
  return make(name, encoded({ 'ca.crt': certificate, 'ca.key': key }));
}

function pairIn(scope: StepScope, secret: KubeObject): KeyPair {
  const certificate = secretText(secret, 'ca.crt');
  const key = secretText(secret, 'ca.key');
  const pair = { ...(certificate ? { certificate } : {}), ...(key ? { key } : {}) };
  return assertUsable(pair, { secret: secret.metadata.name, namespace: scope.run.host.namespace });
}

/** The authority, for issuing. SECRET. Throws FOREIGN, CA_UNUSABLE. */
export async function readAuthority(scope: StepScope, name: string): Promise<KeyPair> {
  const secret = await readSecret(scope, name);
  if (secret) return pairIn(scope, secret);
  const { namespace } = scope.run.host;
  throw failure('CA_UNUSABLE', `Secret ${name} is not in namespace ${namespace} any more`, { secret: name, namespace });
}
