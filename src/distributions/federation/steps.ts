import type { StepDefinition } from '../../catalogue/definition.ts';
import { dnsSteps } from '../../catalogue/dns-steps.ts';
import { hostSteps as commonHostSteps } from '../../catalogue/host-steps.ts';
import { imageSteps } from '../../catalogue/image-steps.ts';
import { memberSteps as commonMemberSteps } from '../../catalogue/member-steps.ts';
import { preflightSteps } from '../../catalogue/preflight-steps.ts';
import { verifySteps } from '../../catalogue/verify-steps.ts';
import { clusterDnsSteps } from './cluster-dns-steps.ts';
import { controlPlaneSteps } from './control-plane-steps.ts';

const steps = <const T extends Record<string, StepDefinition>>(table: T): T => table;

/** What a turn-up of the federation does in the host. Order and parallelism come from `needs` alone; ids are API. */
export const hostSteps = steps({
  ...preflightSteps,
  'preflight/permissions': {
    ...preflightSteps['preflight/permissions'],
    reads: ['apiserver.serviceType', 'apiserver.advertiseAddress'],
  },
  'preflight/storage': { ...preflightSteps['preflight/storage'], reads: ['etcd.storage', 'etcd.storageClassName'] },
  'preflight/images': { ...preflightSteps['preflight/images'], reads: ['images', 'apiserver.command'] },
  ...imageSteps,
  'images/build': {
    ...imageSteps['images/build'],
    why: 'federation-apiserver and federation-controller-manager run from one image.',
  },
  'images/record': {
    ...imageSteps['images/record'],
    uses: {
      apiserver: 'preflight/images.apiserver',
      controllerManager: 'preflight/images.controllerManager',
      etcd: 'preflight/images.etcd',
      ...imageSteps['images/record'].uses,
    },
  },
  ...commonHostSteps,
  ...controlPlaneSteps,
  ...dnsSteps,
  'dns/apiserver-record': {
    phase: 'dns',
    title: 'Create the DNS record of federation-apiserver',
    done: 'DNS record of federation-apiserver created',
    why: 'A stable name for the control plane, whatever its load balancer is.',
    activity: 'ensureApiserverRecord',
    undo: 'removeApiserverRecord',
    timing: { wait: 'zone' },
    needs: ['dns/zone', 'apiserver/address'],
    reads: ['dns'],
    uses: { zoneId: 'dns/zone.zoneId', address: 'apiserver/address.address', kind: 'apiserver/address.kind' },
    when: (spec) => spec.dns?.apiserverRecord === true,
  },
  'verify/control-plane': {
    phase: 'verify',
    title: 'Verify the control plane',
    done: 'Control plane verified',
    why: 'A final check: both Deployments, the API through its address, the record.',
    activity: 'verifyControlPlane',
    timing: 'read',
    needs: ['controller-manager/ready'],
    reads: [],
  },
  ...verifySteps,
  'verify/clusters': { ...verifySteps['verify/clusters'], needs: ['clusters', 'controller-manager/ready'] },
  'verify/record': {
    ...verifySteps['verify/record'],
    needs: ['verify/control-plane', 'verify/clusters', 'dns/delegation', 'dns/apiserver-record', 'images/record'],
  },
});

/** The steps of one member, as a template: `{cluster}` becomes its name. */
export const memberSteps = steps({
  ...commonMemberSteps,
  'clusters/{cluster}/credentials': {
    ...commonMemberSteps['clusters/{cluster}/credentials'],
    why: 'federation-controller-manager reads it from a Secret with the key kubeconfig.',
  },
  ...clusterDnsSteps,
});

/** What a turn-down does while the federation still answers. */
export const beforeDown = steps({
  'down/federated-objects': {
    phase: 'down',
    title: 'Look for federated objects',
    done: 'Federated objects settled',
    why: 'Their deletion hangs unless every member is Ready, so people decide first: --federated-objects delete or orphan.',
    activity: 'removeFederatedObjects',
    timing: { wait: 'reach' },
    needs: [],
    reads: [],
    takes: ['choices'],
    skippable: true,
  },
});
