import { appLabel, names, reservedSecretNames } from '../../kubernetes/names.ts';
import { chartKeys } from '../../spec/chart-keys.ts';
import { controlPlaneRules } from '../../spec/rules/control-plane.ts';
import { imagesRules } from '../../spec/rules/images.ts';
import { federationSchema } from '../../spec/schema.ts';
import type { Distribution } from '../distribution.ts';
import { memberKind } from './cluster-api.ts';
import { imagesOf } from './images.ts';
import { patchTargets } from './patches.ts';
import { beforeDown, hostSteps, memberSteps } from './steps.ts';

const { images, apiserver, controllerManager, etcd } = federationSchema.shape.spec.shape;

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
    sections: { images, apiserver, controllerManager, etcd },
    namespace: 'federation',
    context: 'federation-cluster',
    images: ['apiserver', 'controllerManager'],
    files: ['controllerManager.dnsProviderConfigFile'],
    flags: [
      ['spec', 'apiserver', 'extraArgs'],
      ['spec', 'controllerManager', 'extraArgs'],
    ],
    chart: chartKeys,
    patchTargets,
    reservedSecrets: [...reservedSecretNames],
    everyClient: 'without it federation-controller-manager crashes',
    rules: (parts) => [...imagesRules(parts), ...controlPlaneRules(parts)],
  },
  hostSteps,
  memberSteps,
  membersNeed: ['controller-manager/ready', 'admin/kubeconfig'],
  joinSteps: ['preflight/host', 'preflight/members', 'host/record', 'verify/clusters', 'verify/record'],
  beforeDown,
  member: memberKind,
  words: { noun: 'federation', image: 'registry.example/federation/hyperkube-amd64:v1.5.0' },
};
