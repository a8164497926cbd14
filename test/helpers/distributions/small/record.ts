import { z } from 'zod';
import type { StepDefinition } from '../../../../src/catalogue/definition.ts';
import type { StepFacts } from '../../../../src/catalogue/facts.ts';
import { hostSteps as commonHostSteps } from '../../../../src/catalogue/host-steps.ts';
import { imageSteps } from '../../../../src/catalogue/image-steps.ts';
import { memberSteps } from '../../../../src/catalogue/member-steps.ts';
import { preflightSteps } from '../../../../src/catalogue/preflight-steps.ts';
import { verifySteps } from '../../../../src/catalogue/verify-steps.ts';
import type { Distribution, MemberKind } from '../../../../src/distributions/distribution.ts';
import { conditionOf } from '../../../../src/kubernetes/conditions.ts';
import { labels, labelsFor } from '../../../../src/kubernetes/names.ts';
import type { KubeObject } from '../../../../src/kubernetes/objects.ts';
import { imageSources } from '../../../../src/spec/fields.ts';

/** Names of the small distribution's objects in the host namespace. */
export const smallNames = {
  api: 'small-api',
  store: 'small-store',
  settings: 'small-settings',
  ca: 'small-ca',
  admin: 'small-admin',
} as const;

/** What the spec of the small distribution has beside what all specs have. */
export interface SmallSection {
  greeting: string;
}
/** Its images by key, each a reference in one piece. */
export interface SmallImages {
  store: string;
  api: string;
}

const steps = <const T extends Record<string, StepDefinition>>(table: T): T => table;

const preflight = ['preflight/host', 'preflight/images', 'preflight/members'] as const;

/** A store first, then the API on it: other steps than the federation's, in another order. */
export const smallHostSteps = steps({
  'preflight/host': preflightSteps['preflight/host'],
  'preflight/images': preflightSteps['preflight/images'],
  'preflight/members': preflightSteps['preflight/members'],
  'host/namespace': { ...commonHostSteps['host/namespace'], needs: preflight },
  'host/record': commonHostSteps['host/record'],
  'images/record': {
    ...imageSteps['images/record'],
    needs: ['preflight/images', 'host/record'],
    uses: { store: 'preflight/images.store', api: 'preflight/images.api' },
  },
  'small/authority': {
    phase: 'control-plane',
    title: 'Create the authority',
    done: 'Authority created',
    why: 'Every certificate comes from it.',
    activity: 'smallEnsureAuthority',
    previews: true,
    undo: 'removeObjects',
    timing: 'apply',
    needs: ['host/record'],
    reads: [],
    repeat: 'fixed',
  },
  'small/store': {
    phase: 'control-plane',
    title: 'Deploy the store',
    done: 'Store deployed',
    why: 'The API keeps its objects in it.',
    activity: 'smallEnsureStore',
    previews: true,
    undo: 'removeObjects',
    timing: 'apply',
    needs: ['images/record'],
    reads: [],
    uses: { image: 'images/record.store' },
  },
  'small/store-ready': {
    phase: 'control-plane',
    title: 'Wait until the store runs',
    done: 'Store runs',
    why: 'The API does not start without it.',
    activity: 'smallWaitForStore',
    timing: { wait: 'rollout' },
    needs: ['small/store'],
    reads: [],
  },
  'small/api': {
    phase: 'control-plane',
    title: 'Deploy the API',
    done: 'API deployed',
    why: 'Members are registered with it.',
    activity: 'smallEnsureApi',
    previews: true,
    undo: 'removeObjects',
    timing: 'apply',
    needs: ['small/store-ready', 'small/authority', 'images/record'],
    // Sections of a distribution are no part of the type of the spec.
    reads: ['small' as 'host'],
    uses: { image: 'images/record.api', fingerprint: 'small/authority.fingerprint' },
  },
  'small/admin': {
    phase: 'control-plane',
    title: 'Store the way into the API',
    done: 'Way into the API stored',
    why: 'fedctl and its operators reach the API by it.',
    activity: 'smallEnsureAdmin',
    previews: true,
    undo: 'removeObjects',
    timing: 'apply',
    needs: ['small/authority'],
    reads: [],
  },
  'small/ready': {
    phase: 'control-plane',
    title: 'Wait until the API answers',
    done: 'API answers',
    why: 'Nobody can be registered before.',
    activity: 'smallWaitForApi',
    timing: { wait: 'rollout' },
    needs: ['small/api', 'small/admin'],
    reads: [],
  },
  'verify/control-plane': {
    phase: 'verify',
    title: 'Verify the control plane',
    done: 'Control plane verified',
    why: 'Both programs run, and the API answers.',
    activity: 'verifyControlPlane',
    timing: 'read',
    needs: ['small/ready'],
    reads: [],
  },
  'verify/clusters': { ...verifySteps['verify/clusters'], needs: ['clusters', 'small/ready'] },
  'verify/record': { ...verifySteps['verify/record'], needs: ['verify/control-plane', 'verify/clusters'] },
});

/** What its steps tell each other. */
export interface SmallFacts {
  'preflight/images': StepFacts['preflight/images'] & SmallImages;
  'images/record': StepFacts['images/record'] & SmallImages;
  'small/authority': { fingerprint: string };
}

/** Its steps and facts, as the types of its activities. */
export interface SmallCatalogue {
  steps: typeof smallHostSteps;
  facts: SmallFacts;
}

/** The kind that its API keeps members as: no Cluster, another group, one address. */
export interface Satellite extends KubeObject {
  spec: { url: string; credentials: string };
}
export const satellites = { group: 'small.example', version: 'v1', kind: 'Satellite', plural: 'satellites' } as const;
const apiVersion = `${satellites.group}/${satellites.version}`;
const versionAnnotation = 'small.example/credentials';

const member: MemberKind = {
  apiVersion,
  kind: satellites.kind,
  ref: (name) => ({ apiVersion, kind: satellites.kind, name }),
  wanted: ({ cluster, uuid, contextServer, secretName, secretVersion }) => ({
    apiVersion,
    kind: satellites.kind,
    metadata: {
      name: cluster.name,
      labels: { ...cluster.labels, ...labelsFor(uuid) },
      annotations: { [versionAnnotation]: secretVersion },
    },
    spec: { url: contextServer, credentials: secretName },
  }),
  change: (found, wanted) => {
    const [is, shall] = [found, wanted].map(({ metadata, spec }) =>
      JSON.stringify([metadata.annotations?.[versionAnnotation], spec]),
    );
    return is === shall
      ? { how: 'keep' }
      : { how: 'patch', patch: { metadata: { annotations: wanted.metadata.annotations }, spec: wanted['spec'] } };
  },
  readiness: (found) =>
    conditionOf(found, 'Ready')?.status === 'True' ? '' : `${found.metadata.name} was not visited yet`,
  isOurs: (found, uuid) => found.metadata.labels?.[labels.federation] === uuid,
  server: (found) => (found as Satellite).spec.url,
};

/** A distribution for tests: two programs, a kind of its own for members, two images, no turn-down step of its own. */
export const small: Distribution = {
  id: 'small',
  components: [
    { name: smallNames.store, kind: 'StatefulSet', image: 'store', explains: ['small/store'] },
    { name: smallNames.api, kind: 'Deployment', image: 'api', address: true, explains: ['small/api', 'clusters/'] },
  ],
  images: ({ images }) =>
    (['store', 'api'] as const).map((key) => ({
      key,
      field: `images.${key}`,
      reference: (images as unknown as SmallImages)[key],
    })),
  names: {
    app: 'small',
    adminKubeconfig: smallNames.admin,
    pullSecret: 'small-pull',
    apiserverRecord: (domain) => `small.${domain}`,
  },
  certificates: [
    { secret: smallNames.ca, key: 'ca.crt' },
    { secret: smallNames.admin, key: 'kubeconfig' },
  ],
  spec: {
    id: 'small',
    sections: {
      images: z.strictObject({ store: z.string(), api: z.string(), ...imageSources }),
      small: z.strictObject({ greeting: z.string().default('hello') }),
    },
    namespace: 'small',
    context: 'small-cluster',
    images: [],
    files: [],
    flags: [],
    patchTargets: [],
    reservedSecrets: [smallNames.ca, smallNames.admin],
    everyClient: '',
    rules: () => [],
  },
  hostSteps: smallHostSteps,
  memberSteps,
  membersNeed: ['small/ready'],
  joinSteps: ['preflight/host', 'preflight/members', 'host/record', 'verify/clusters', 'verify/record'],
  beforeDown: {},
  member,
  words: {
    noun: 'constellation',
    image: 'registry.example/small:v1',
    imageName: 'small',
    anchor: 'small',
    build: 'make',
    objects: {},
  },
};
