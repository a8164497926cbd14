import type { Deps } from '../../core/deps.ts';
import { federation } from '../../../src/distributions/federation/index.ts';
import type { DistributionEffects } from '../effects.ts';
import { apiserverServiceActivities } from './apiserver-service.ts';
import { certificateActivities } from './certificates.ts';
import { credentialActivities } from './credentials.ts';
import { etcdActivities } from './etcd.ts';
import { federatedObjectsActivities } from './federated-objects.ts';
import { rolloutActivities } from './rollout.ts';

/** What the federation alone does. */
export const federationActivities = (deps: Deps) => ({
  ...apiserverServiceActivities(deps),
  ...certificateActivities(deps),
  ...credentialActivities(deps),
  ...etcdActivities(deps),
  ...rolloutActivities(deps),
  ...federatedObjectsActivities(deps),
});

export const federationEffects: DistributionEffects = { distribution: federation, activities: federationActivities };
