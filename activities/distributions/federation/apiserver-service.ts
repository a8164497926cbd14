import { serverUrl } from '../../../src/control-plane/address.ts';
import { apiserverService } from '../../../src/distributions/federation/manifests.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { waitForServiceAddress } from '../../control-plane/address.ts';
import { ensurePatched, targetOf } from '../../control-plane/objects.ts';
import type { Deps } from '../../core/deps.ts';
import { reading, type StepScope, writing } from '../../core/step.ts';

/** The Service that everybody reaches federation-apiserver by. Throws FOREIGN, FIELD_OWNED. */
async function ensureApiserverService(
  scope: StepScope,
  call: CallOf<'apiserver/service'>,
): Promise<ResultOf<'apiserver/service'>> {
  const { apiserver, patches } = call.input.spec;
  const { outcome } = await ensurePatched(scope, apiserverService(targetOf(scope), apiserver), patches);
  return { outcome, facts: {} };
}

/** Waits until clients have an address of federation-apiserver. Throws NO_ADDRESS. */
async function waitForApiserverAddress(
  scope: StepScope,
  call: CallOf<'apiserver/address'>,
): Promise<ResultOf<'apiserver/address'>> {
  const { apiserver, dns } = call.input.spec;
  const facts = await waitForServiceAddress(scope, call, {
    name: names.apiserver,
    madeBy: 'apiserver/service',
    nodePort: apiserver.serviceType === 'NodePort',
    advertiseAddress: apiserver.advertiseAddress,
    resolvers: dns?.resolvers,
  });
  return { outcome: 'done', note: serverUrl(facts.address, facts.port), facts: { ...facts } };
}

/** The Service of federation-apiserver and its address. */
export const apiserverServiceActivities = (deps: Deps) => ({
  ensureApiserverService: writing<'apiserver/service'>(deps, ensureApiserverService),
  waitForApiserverAddress: reading<'apiserver/address'>(deps, waitForApiserverAddress),
});
