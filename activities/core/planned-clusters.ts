import type { StepCall } from '../../src/catalogue/call.ts';
import type { PlannedObject } from '../../src/catalogue/planned.ts';
import { placeOfPlanned } from '../../src/graph/places.ts';
import { federationPlace, hostPlace, isSamePlace, memberPlace, type Place } from '../../src/kubernetes/place.ts';
import type { Kube, KubeClients } from '../clients/kube/port.ts';
import { keepToPlan } from './planned-kube.ts';

/** Clients that write nothing but what was planned for this step. */
export function planned(real: KubeClients, call: StepCall<unknown>, objects: readonly PlannedObject[]): KubeClients {
  const { run, step } = call;
  const { federation, uuid } = run;
  const within = (kube: Kube, place: Place, dryRun: boolean): Kube =>
    keepToPlan(kube, {
      place,
      step,
      objects: objects.filter((one) => isSamePlace(placeOfPlanned(one), place)),
      uuid,
      federation,
      dryRun,
    });
  return {
    forContext: async (ref) => {
      const kube = await real.forContext(ref);
      return within(kube, 'namespace' in ref ? hostPlace : memberPlace(run.member?.name ?? ref.context), true);
    },
    // Never a dry run: the API of a control plane may take the request, and write.
    forSecret: async (ref, secret) => within(await real.forSecret(ref, secret), federationPlace, false),
    forKubeconfig: (text) => real.forKubeconfig(text),
    contextFacts: (ref) => real.contextFacts(ref),
  };
}
