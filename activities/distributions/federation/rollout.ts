import { serverUrl } from '../../../src/distributions/federation/address.ts';
import {
  apiserverDeployment,
  controllerManagerDeployment,
  controllerManagerRbac,
  rangeNotPassed,
} from '../../../src/distributions/federation/manifests.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import type { KubeEvent } from '../../../src/kubernetes/events.ts';
import { appLabel, names } from '../../../src/kubernetes/names.ts';
import { neverPulled, podTrouble, type Trouble } from '../../../src/kubernetes/pods.ts';
import { deploymentReadiness } from '../../../src/kubernetes/readiness.ts';
import type { Kube } from '../../clients/kube/port.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { ensurePatched, readEvents, targetOf } from '../../control-plane/objects.ts';
import type { Deps } from '../../kit/deps.ts';
import { type Ensured, outcomeOf } from '../../core/objects.ts';
import { reading, type StepScope, writing } from '../../core/step.ts';
import { type ProbeResult, waitUntil } from '../../kit/wait.ts';

/** Looks in a row that must show an image no waiting will bring, before the step parks without waiting on. */
const looksBeforeGivingUp = 3;
/** Answers in a row that count as healthy: behind a load balancer the first one may be luck. */
const healthyAnswers = 2;

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
  const all: Ensured[] = [];
  for (const object of controllerManagerRbac(targetOf(scope)))
    all.push(await ensurePatched(scope, object, call.input.spec.patches));
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

/** A Deployment of the control plane; undefined when it is not there. */
export const readDeployment = (scope: StepScope, name: string): Promise<KubeObject | undefined> =>
  scope.host.read({ apiVersion: 'apps/v1', kind: 'Deployment', name, namespace: scope.run.host.namespace });

/** Looks at one Deployment: rolled out, or what of its pods or its controller is in the way. */
function rolloutProbe(scope: StepScope, name: string): () => Promise<ProbeResult<true>> {
  let hopeless = 0;
  return async () => {
    const deployment = await readDeployment(scope, name);
    const why = deploymentReadiness(deployment);
    if (!why) return { value: true };
    const pods = await podsOf(scope, name);
    const found = firstTrouble(pods, await readEvents(scope));
    if (!found) return { why };
    hopeless = neverPulled(found.trouble) && deployment && isOfTemplate(found.pod, deployment) ? hopeless + 1 : 0;
    return { ...found.trouble, why: `${why}: ${found.trouble.why}`, final: hopeless >= looksBeforeGivingUp };
  };
}

const podsOf = (scope: StepScope, name: string): Promise<KubeObject[]> =>
  scope.host.list({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: scope.run.host.namespace,
    labelSelector: `app=${appLabel},module=${name}`,
  });

function firstTrouble(
  pods: readonly KubeObject[],
  events: readonly KubeEvent[],
): { pod: KubeObject; trouble: Trouble } | undefined {
  for (const pod of pods) {
    const trouble = podTrouble(pod, events);
    if (trouble) return { pod, trouble };
  }
  return undefined;
}

/** What keeps a Deployment of the control plane from running: '' when it is rolled out, or nothing is known. */
export async function deploymentTrouble(scope: StepScope, name: string): Promise<string> {
  const why = deploymentReadiness(await readDeployment(scope, name));
  if (!why) return '';
  const found = firstTrouble(await podsOf(scope, name), await readEvents(scope));
  return found ? `${why}: ${found.trouble.why}` : why;
}

const imagesIn = (pod: unknown): string[] =>
  ((pod as { containers?: { image?: string }[] } | undefined)?.containers ?? []).map(({ image = '' }) => image);

/** Whether a pod has every image of the Deployment: one of an older version, still about to go, proves nothing. */
function isOfTemplate(pod: KubeObject, deployment: KubeObject): boolean {
  const template = (deployment['spec'] as { template?: { spec?: unknown } } | undefined)?.template?.spec;
  const images = new Set(imagesIn(pod['spec']));
  return imagesIn(template).every((image) => images.has(image));
}

/** '' when GET /healthz says "ok", else what it says. Throws UNREACHABLE, TLS_MISMATCH and the like. */
export async function healthzProblem(federation: Kube): Promise<string> {
  const { status, body } = await federation.get('/healthz');
  const says = body.trim();
  return status === 200 && says === 'ok' ? '' : `${federation.server}/healthz answers ${status}: ${says.slice(0, 200)}`;
}

/** Errors that a new address may show for a while: nobody, or another server, answers there. */
const notYetOurs: ReadonlySet<string> = new Set(['TLS_MISMATCH', 'UNREACHABLE', 'SERVER_ERROR']);

async function healthzProblemSoFar(federation: Kube): Promise<string> {
  try {
    return await healthzProblem(federation);
  } catch (error) {
    const { type = '', message } = error as { type?: string; message: string };
    if (notYetOurs.has(type)) return message;
    throw error;
  }
}

/**
 * Waits until the Deployment is rolled out and /healthz answers through the address that clients use: kube-proxy and
 * load balancers are later than the pods (reference §7). Throws the code of what is in the way when it timed out.
 */
async function waitForApiserver(
  scope: StepScope,
  call: CallOf<'apiserver/ready'>,
): Promise<ResultOf<'apiserver/ready'>> {
  const { address, port } = call.input.facts;
  const server = serverUrl(address, port);
  const rollout = rolloutProbe(scope, names.apiserver);
  let healthy = 0;
  const look = async (): Promise<ProbeResult<true>> => {
    const before = healthy;
    healthy = 0;
    const rolledOut = await rollout();
    if ('why' in rolledOut) return rolledOut;
    const why = await healthzProblemSoFar(await scope.federation());
    if (why) return { code: 'APISERVER_NOT_HEALTHY', why };
    healthy = before + 1;
    if (healthy >= healthyAnswers) return { value: true };
    return { code: 'APISERVER_NOT_HEALTHY', why: `${server}/healthz has answered only once yet` };
  };
  const data = { namespace: scope.run.host.namespace, deployment: names.apiserver, server };
  await waitUntil(call, 'ROLLOUT_NOT_READY', look, { data });
  return { outcome: 'done', note: `${server}/healthz says ok`, facts: {} };
}

/** Waits until the Deployment is rolled out. Throws the code of what is in the way when it timed out. */
async function waitForControllerManager(
  scope: StepScope,
  call: CallOf<'controller-manager/ready'>,
): Promise<ResultOf<'controller-manager/ready'>> {
  const data = { namespace: scope.run.host.namespace, deployment: names.controllerManager };
  await waitUntil(call, 'ROLLOUT_NOT_READY', rolloutProbe(scope, names.controllerManager), { data });
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
