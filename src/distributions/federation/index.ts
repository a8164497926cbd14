import { defaultNamespace } from '../../kubernetes/names.ts';
import { appLabel, names, reservedSecrets } from './names.ts';
import { chartKeys } from './chart-keys.ts';
import { controlPlaneRules } from './rules/control-plane.ts';
import { imagesRules } from './rules/images.ts';
import type { Distribution } from '../distribution.ts';
import { memberKind } from './cluster-api.ts';
import { imagesOf } from './images.ts';
import { patchTargets } from './patch-targets.ts';
import { sections } from './spec.ts';
import { beforeDown, hostSteps, memberSteps } from './steps.ts';
import { defaultObjects } from '../unsaid.ts';

/** The federation of the guide: federation-apiserver with its etcd, and federation-controller-manager. */
export const federation: Distribution = {
  id: 'federation',
  components: [
    {
      name: names.apiserver,
      kind: 'Deployment',
      image: 'apiserver',
      address: true,
      explains: ['apiserver/', 'etcd/'],
    },
    {
      name: names.controllerManager,
      kind: 'Deployment',
      image: 'controllerManager',
      explains: ['controller-manager/', 'clusters/'],
    },
  ],
  images: imagesOf,
  names: {
    app: appLabel,
    adminKubeconfig: names.adminKubeconfig,
    pullSecret: names.pullSecret,
    apiserverRecord: names.apiserverRecord,
  },
  certificates: [
    { secret: names.caSecret, key: 'ca.crt' },
    { secret: names.apiserverCredentials, key: 'server.crt' },
    { secret: names.controllerManagerKubeconfig, key: 'kubeconfig' },
    { secret: names.adminKubeconfig, key: 'kubeconfig' },
  ],
  spec: {
    id: 'federation',
    sections,
    namespace: defaultNamespace,
    context: 'federation-cluster',
    images: ['apiserver', 'controllerManager'],
    files: ['controllerManager.dnsProviderConfigFile'],
    flags: [
      ['spec', 'apiserver', 'extraArgs'],
      ['spec', 'controllerManager', 'extraArgs'],
    ],
    chart: chartKeys,
    patchTargets,
    reservedSecrets: reservedSecrets,
    everyClient: 'without it federation-controller-manager crashes',
    rules: (parts) => [...imagesRules(parts), ...controlPlaneRules(parts)],
  },
  hostSteps,
  memberSteps,
  membersNeed: ['controller-manager/ready', 'admin/kubeconfig'],
  joinSteps: ['preflight/host', 'preflight/members', 'host/record', 'verify/clusters', 'verify/record'],
  beforeDown,
  member: memberKind,
  words: {
    noun: 'federation',
    image: 'registry.example/federation/hyperkube-amd64:v1.5.0',
    imageName: 'hyperkube-amd64',
    anchor: 'hyperkube',
    build: 'make, WHAT=cmd/hyperkube',
    objects: defaultObjects,
  },
};
