import { names } from './federation/names.ts';

/** Id of the distribution of whatever says none: said before there was a choice. Light enough for the workflows. */
export const defaultDistribution = 'federation';

/** Its names for what fixes of errors speak of, by the key of an error's data. */
export const defaultObjects = {
  service: names.apiserver,
  secret: names.caSecret,
  claim: names.etcdClaim,
  deployment: names.apiserver,
  prober: names.controllerManager,
} as const;
