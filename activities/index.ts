import type { StepCall } from '../src/catalogue/call.ts';
import { apiserverServiceActivities } from './distributions/federation/apiserver-service.ts';
import { certificateActivities } from './distributions/federation/certificates.ts';
import { clusterDnsActivities } from './cluster-dns/cluster-dns.ts';
import { credentialActivities } from './distributions/federation/credentials.ts';
import { debtActivities } from './members/debts.ts';
import type { Deps } from './core/deps.ts';
import { dnsActivities } from './dns/dns.ts';
import { etcdActivities } from './distributions/federation/etcd.ts';
import { holdActivities } from './core/hold.ts';
import { imagesRecordActivities } from './images/record.ts';
import { imagesActivities } from './images/images.ts';
import { memberActivities } from './members/members.ts';
import { namespaceActivities } from './core/namespace.ts';
import { removeStepObjects } from './core/objects.ts';
import { planActivities } from './core/plan-steps.ts';
import { preflightActivities } from './preflight/preflight.ts';
import { recordActivities } from './core/record.ts';
import { recycleActivities } from './cluster-dns/recycle.ts';
import { registrationActivities } from './members/registration.ts';
import { rolloutActivities } from './distributions/federation/rollout.ts';
import { asOwner } from './core/step.ts';
import { sweepActivities } from './turn-down/sweep.ts';
import { verifyActivities } from './control-plane/verify.ts';

/** Every activity, over the given dependencies: what a worker registers. */
export const createActivities = (deps: Deps) => ({
  ...planActivities(deps),
  ...preflightActivities(deps),
  ...namespaceActivities(deps),
  ...recordActivities(deps),
  ...imagesActivities(deps),
  ...imagesRecordActivities(deps),
  ...apiserverServiceActivities(deps),
  ...certificateActivities(deps),
  ...credentialActivities(deps),
  ...etcdActivities(deps),
  ...rolloutActivities(deps),
  ...memberActivities(deps),
  ...registrationActivities(deps),
  ...clusterDnsActivities(deps),
  ...recycleActivities(deps),
  ...verifyActivities(deps),
  ...dnsActivities(deps),
  ...sweepActivities(deps),
  ...debtActivities(deps),
  ...holdActivities(deps),
  removeObjects: (call: StepCall<unknown>) => asOwner(deps, call, (scope) => removeStepObjects(scope, call)),
});

export type Activities = ReturnType<typeof createActivities>;
