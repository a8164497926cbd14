import { secretObject } from '../../../src/distributions/federation/manifests.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import { names } from '../../../src/kubernetes/names.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { base64, secretText, targetOf } from '../../control-plane/objects.ts';
import type { Deps } from '../../kit/deps.ts';
import { failure } from '../../kit/fail.ts';
import { ensureObject, readOurs } from '../../core/objects.ts';
import { assertUsable, fingerprintOf, type KeyPair, newAuthority } from '../../core/pki.ts';
import { type StepScope, writing } from '../../core/step.ts';

type Certificates = 'apiserver/certificates';

const refOf = (scope: StepScope): { apiVersion: string; kind: string; name: string; namespace: string } => ({
  apiVersion: 'v1',
  kind: 'Secret',
  name: names.caSecret,
  namespace: scope.run.host.namespace,
});

/**
 * The certificate authority of the federation, made once: while its Secret stands it is never made anew, because every
 * kubeconfig of the federation trusts it. Throws FOREIGN, and CA_UNUSABLE for one that cannot issue.
 */
async function ensureCertificateAuthority(
  scope: StepScope,
  _call: CallOf<Certificates>,
): Promise<ResultOf<Certificates>> {
  const standing = await readOurs(scope, 'host', refOf(scope));
  const wanted = standing ?? (await newSecret(scope));
  const { outcome, object } = await ensureObject(scope, 'host', wanted, { secretOnce: true });
  return { outcome, facts: { caFingerprint: fingerprintOf(pairIn(scope, object).certificate) } };
}

async function newSecret(scope: StepScope): Promise<KubeObject> {
  const { certificate, key } = await newAuthority(scope.run.federation);
  const data = { 'ca.crt': base64(certificate), 'ca.key': base64(key) };
  return secretObject(targetOf(scope), names.caSecret, data);
}

function pairIn(scope: StepScope, secret: KubeObject): KeyPair {
  const certificate = secretText(secret, 'ca.crt');
  const key = secretText(secret, 'ca.key');
  const pair = { ...(certificate ? { certificate } : {}), ...(key ? { key } : {}) };
  return assertUsable(pair, { secret: names.caSecret, namespace: scope.run.host.namespace });
}

/** The authority, for issuing. SECRET. Throws FOREIGN, CA_UNUSABLE. */
export async function readAuthority(scope: StepScope): Promise<KeyPair> {
  const secret = await readOurs(scope, 'host', refOf(scope));
  if (secret) return pairIn(scope, secret);
  const { namespace } = scope.run.host;
  throw failure('CA_UNUSABLE', `Secret ${names.caSecret} is not in namespace ${namespace} any more`, {
    secret: names.caSecret,
    namespace,
  });
}

/** The certificate authority of the federation. */
export const certificateActivities = (deps: Deps) => ({
  ensureCertificateAuthority: writing<Certificates>(deps, ensureCertificateAuthority),
});
