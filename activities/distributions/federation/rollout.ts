import { serverUrl } from '../../../src/control-plane/address.ts';
import {
  apiserverDeployment,
  controllerManagerDeployment,
  controllerManagerRbac,
  rangeNotPassed,
} from '../../../src/distributions/federation/manifests.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import { names } from '../../../src/distributions/federation/names.ts';
import { workloadNamed } from '../../control-plane/components.ts';
import { waitForApi } from '../../control-plane/health.ts';
import { ensureAllPatched, ensurePatched, targetOf } from '../../control-plane/objects.ts';
import { waitForRollout } from '../../control-plane/rollout.ts';
import type { Deps } from '../../core/deps.ts';
import { outcomeOf } from '../../core/objects.ts';
import { reading, type StepScope, writing } from '../../core/step.ts';

/** Deployment federation-apiserver, etcd beside it. Throws FOREIGN, FIELD_OWNED. */
async function ensureApiserverDeployment(
  scope: StepScope,
  call: CallOf<'apiserver/deployment'>,
): Promise<ResultOf<'apiserver/deployment'>> {
  const { spec, facts } = call.input;
  const { apiserver, images } = spec;
  const deployment = apiserverDeployment(targetOf(scope), { apiserver, images, ...facts });
  const { outcome } = await ensurePatched(scope, deployment, spec.patches);
  const note = rangeNotPassed({ apiserver, images, ...facts });
  return { outcome, ...(note ? { note } : {}), facts: {} };
}

/** ServiceAccount, Role and RoleBinding of federation-controller-manager. */
async function ensureControllerManagerRbac(
  scope: StepScope,
  call: CallOf<'controller-manager/rbac'>,
): Promise<ResultOf<'controller-manager/rbac'>> {
  const all = await ensureAllPatched(scope, controllerManagerRbac(targetOf(scope)), call.input.spec.patches);
  return { outcome: outcomeOf(all), facts: {} };
}

/** Deployment federation-controller-manager. Throws FOREIGN, FIELD_OWNED. */
async function ensureControllerManagerDeployment(
  scope: StepScope,
  call: CallOf<'controller-manager/deployment'>,
): Promise<ResultOf<'controller-manager/deployment'>> {
  const { spec, facts } = call.input;
  const { controllerManager, images, dns } = spec;
  const deployment = controllerManagerDeployment(targetOf(scope), { controllerManager, images, dns, ...facts });
  const { outcome } = await ensurePatched(scope, deployment, spec.patches);
  return { outcome, facts: {} };
}

/** Waits until the Deployment is rolled out, and /healthz answers through the address that clients use. */
async function waitForApiserver(
  scope: StepScope,
  call: CallOf<'apiserver/ready'>,
): Promise<ResultOf<'apiserver/ready'>> {
  const { address, port } = call.input.facts;
  const server = serverUrl(address, port);
  await waitForApi(scope, call, { workload: workloadNamed(scope.distribution, names.apiserver), server });
  return { outcome: 'done', note: `${server}/healthz says ok`, facts: {} };
}

/** Waits until the Deployment is rolled out. */
async function waitForControllerManager(
  scope: StepScope,
  call: CallOf<'controller-manager/ready'>,
): Promise<ResultOf<'controller-manager/ready'>> {
  await waitForRollout(scope, call, workloadNamed(scope.distribution, names.controllerManager));
  return { outcome: 'done', facts: {} };
}

/** The two Deployments of the control plane and what they need. */
export const rolloutActivities = (deps: Deps) => ({
  ensureApiserverDeployment: writing<'apiserver/deployment'>(deps, ensureApiserverDeployment),
  waitForApiserver: reading<'apiserver/ready'>(deps, waitForApiserver),
  ensureControllerManagerRbac: writing<'controller-manager/rbac'>(deps, ensureControllerManagerRbac),
  ensureControllerManagerDeployment: writing<'controller-manager/deployment'>(deps, ensureControllerManagerDeployment),
  waitForControllerManager: reading<'controller-manager/ready'>(deps, waitForControllerManager),
});
