import type { AnyActivity, DistributionEffects } from './distributions/effects.ts';
import type { federationActivities } from './distributions/federation/index.ts';
import { effects, recordsOf } from './distributions/table.ts';
import { clusterDnsActivities } from './cluster-dns/cluster-dns.ts';
import { debtActivities } from './members/debts.ts';
import type { Deps } from './core/deps.ts';
import { dnsActivities } from './dns/dns.ts';
import { holdActivities } from './core/hold.ts';
import { imagesRecordActivities } from './images/record.ts';
import { imagesActivities } from './images/images.ts';
import { memberActivities } from './members/members.ts';
import { namespaceActivities } from './core/namespace.ts';
import { removeStepObjects, type UndoCall } from './core/objects.ts';
import { planActivities } from './core/plan-steps.ts';
import { preflightActivities } from './preflight/preflight.ts';
import { recordActivities } from './core/record.ts';
import { recycleActivities } from './cluster-dns/recycle.ts';
import { registrationActivities } from './members/registration.ts';
import { asOwner } from './core/step.ts';
import { sweepActivities } from './turn-down/sweep.ts';
import { verifyActivities } from './control-plane/verify.ts';

/** What is done for every distribution. */
const commonActivities = (deps: Deps) => ({
  ...planActivities(deps),
  ...preflightActivities(deps),
  ...namespaceActivities(deps),
  ...recordActivities(deps),
  ...imagesActivities(deps),
  ...imagesRecordActivities(deps),
  ...memberActivities(deps),
  ...registrationActivities(deps),
  ...clusterDnsActivities(deps),
  ...recycleActivities(deps),
  ...verifyActivities(deps),
  ...dnsActivities(deps),
  ...sweepActivities(deps),
  ...debtActivities(deps),
  ...holdActivities(deps),
  removeObjects: (call: UndoCall) => asOwner(deps, call, (scope) => removeStepObjects(scope, call)),
});

export type Activities = ReturnType<typeof commonActivities> & ReturnType<typeof federationActivities>;

/**
 * Every activity, over the given dependencies: what a worker registers. `own`: the distributions that there are. Throws
 * an Error when two of them give an activity the same name.
 */
export function createActivities(deps: Deps, own: readonly DistributionEffects[] = effects): Activities {
  const known = { ...deps, distributions: recordsOf(own) };
  const all: Record<string, AnyActivity> = { ...commonActivities(known) };
  for (const { distribution, activities } of own) {
    for (const [name, activity] of Object.entries(activities(known))) {
      if (name in all)
        throw new Error(`distribution ${distribution.id} has an activity ${name}, which there is already`);
      all[name] = activity;
    }
  }
  // The catalogue is checked against those of fedctl itself.
  return all as unknown as Activities;
}
