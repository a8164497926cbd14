import { secretObject } from '../../../src/distributions/federation/manifests.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { ensureAuthority } from '../../control-plane/authority.ts';
import { targetOf } from '../../control-plane/objects.ts';
import type { SecretMaker } from '../../control-plane/secrets.ts';
import type { Deps } from '../../core/deps.ts';
import { type StepScope, writing } from '../../core/step.ts';

type Certificates = 'apiserver/certificates';

/** Secrets of the federation, with its labels. */
export const secretsOf =
  (scope: StepScope): SecretMaker =>
  (name, data) =>
    secretObject(targetOf(scope), name, data);

/** The certificate authority of the federation. Throws FOREIGN, CA_UNUSABLE. */
async function ensureCertificateAuthority(
  scope: StepScope,
  _call: CallOf<Certificates>,
): Promise<ResultOf<Certificates>> {
  const { outcome, caFingerprint } = await ensureAuthority(scope, secretsOf(scope), names.caSecret);
  return { outcome, facts: { caFingerprint } };
}

/** The certificate authority of the federation. */
export const certificateActivities = (deps: Deps) => ({
  ensureCertificateAuthority: writing<Certificates>(deps, ensureCertificateAuthority),
});
