import { etcdClaim } from '../../../src/distributions/federation/manifests.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import { ensureBoundClaim } from '../../control-plane/claim.ts';
import { targetOf } from '../../control-plane/objects.ts';
import type { Deps } from '../../core/deps.ts';
import { type StepScope, writing } from '../../core/step.ts';

/** The claim for etcd's data, bound where its class binds without a pod. Throws CLAIM_NOT_BOUND. */
async function ensureEtcdClaim(scope: StepScope, call: CallOf<'etcd/claim'>): Promise<ResultOf<'etcd/claim'>> {
  const { etcd, patches } = call.input.spec;
  const done = await ensureBoundClaim(scope, call, etcdClaim(targetOf(scope), etcd), patches);
  return { ...done, facts: {} };
}

/** The volume of etcd. */
export const etcdActivities = (deps: Deps) => ({
  ensureEtcdClaim: writing<'etcd/claim'>(deps, ensureEtcdClaim),
});
