import { readFileSync } from 'node:fs';
import { ensureAuthority } from '../../../../activities/control-plane/authority.ts';
import { workloadNamed } from '../../../../activities/control-plane/components.ts';
import { waitForApi } from '../../../../activities/control-plane/health.ts';
import { waitForRollout } from '../../../../activities/control-plane/rollout.ts';
import { ensureSecret, type SecretMaker } from '../../../../activities/control-plane/secrets.ts';
import { ensureObject, outcomeOf } from '../../../../activities/core/objects.ts';
import { asOwner, inStep, type StepScope } from '../../../../activities/core/step.ts';
import type { DistributionEffects } from '../../../../activities/distributions/effects.ts';
import type { StepCall } from '../../../../src/catalogue/call.ts';
import type { CallIn, ResultIn } from '../../../../src/catalogue/call-of.ts';
import type { KubeObject } from '../../../../src/kubernetes/objects.ts';
import { small, type SmallCatalogue, smallNames, type SmallSection } from './record.ts';

type Call<Id extends keyof SmallCatalogue['steps']> = CallIn<SmallCatalogue, Id>;
type Result<Id extends keyof SmallCatalogue['steps'] & string> = ResultIn<SmallCatalogue, Id>;

const inNamespace = (scope: StepScope, name: string, module?: string) => ({
  name,
  namespace: scope.run.host.namespace,
  labels: { app: 'small', ...(module ? { module } : {}) },
});

const secretsOf =
  (scope: StepScope): SecretMaker =>
  (name, data) => ({ apiVersion: 'v1', kind: 'Secret', metadata: inNamespace(scope, name), type: 'Opaque', data });

function workload(scope: StepScope, kind: string, name: string, image: string, args: string[]): KubeObject {
  const matchLabels = { app: 'small', module: name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: inNamespace(scope, name, name),
    spec: {
      replicas: 1,
      selector: { matchLabels },
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      template: {
        metadata: { labels: matchLabels },
        spec: { containers: [{ name, image, args }] },
      },
    },
  };
}

async function ensureSmallAuthority(scope: StepScope): Promise<Result<'small/authority'>> {
  const { outcome, caFingerprint } = await ensureAuthority(scope, secretsOf(scope), smallNames.ca);
  return { outcome, facts: { fingerprint: caFingerprint } };
}

async function ensureStore(scope: StepScope, call: Call<'small/store'>): Promise<Result<'small/store'>> {
  const { image } = call.input.facts;
  const { outcome } = await ensureObject(scope, 'host', workload(scope, 'StatefulSet', smallNames.store, image, []));
  return { outcome, facts: {} };
}

/** Its own section of the spec is what it says to everybody. */
async function ensureApi(scope: StepScope, call: Call<'small/api'>): Promise<Result<'small/api'>> {
  const { greeting } = (call.input.spec as unknown as { small: SmallSection }).small;
  const { image, fingerprint } = call.input.facts;
  const all = [
    await ensureObject(scope, 'host', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: inNamespace(scope, smallNames.settings),
      data: { greeting, fingerprint },
    }),
    await ensureObject(scope, 'host', workload(scope, 'Deployment', smallNames.api, image, [greeting])),
  ];
  return { outcome: outcomeOf(all), facts: {} };
}

/** `kubeconfig`: a file with the way into what plays its API. */
const ensureAdmin =
  (kubeconfig: string) =>
  async (scope: StepScope): Promise<Result<'small/admin'>> => {
    const text = readFileSync(kubeconfig, 'utf8');
    const { outcome } = await ensureSecret(scope, secretsOf(scope), smallNames.admin, { kubeconfig: text });
    return { outcome, facts: {} };
  };

async function waitForSmallApi(scope: StepScope, call: Call<'small/ready'>): Promise<Result<'small/ready'>> {
  const { server } = await scope.federation();
  await waitForApi(scope, call, { workload: workloadNamed(small, smallNames.api), server });
  return { outcome: 'done', note: `${server}/healthz says ok`, facts: {} };
}

async function waitForStore(scope: StepScope, call: StepCall<unknown>): Promise<Result<'small/store-ready'>> {
  await waitForRollout(scope, call, workloadNamed(small, smallNames.store));
  return { outcome: 'done', facts: {} };
}

type Act<C extends StepCall<unknown>> = (scope: StepScope, call: C) => Promise<unknown>;

/** What the small distribution does; the API server of this kubeconfig plays its API. */
export const smallEffects = (kubeconfig: string): DistributionEffects => ({
  distribution: small,
  activities: (deps) => {
    const writes =
      <C extends StepCall<unknown>>(act: Act<C>) =>
      (call: C): Promise<unknown> =>
        asOwner(deps, call, (scope) => act(scope, call));
    const waits =
      <C extends StepCall<unknown>>(act: Act<C>) =>
      (call: C): Promise<unknown> =>
        inStep(deps, call, (scope) => act(scope, call));
    return {
      smallEnsureAuthority: writes(ensureSmallAuthority),
      smallEnsureStore: writes(ensureStore),
      smallWaitForStore: waits(waitForStore),
      smallEnsureApi: writes(ensureApi),
      smallEnsureAdmin: writes(ensureAdmin(kubeconfig)),
      smallWaitForApi: waits(waitForSmallApi),
    };
  },
});
