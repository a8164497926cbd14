import type { StepDefinition } from './definition.ts';
import { clusterSteps } from './cluster-steps.ts';
import { controlPlaneSteps } from './control-plane-steps.ts';
import { dnsSteps } from './dns-steps.ts';
import { imageSteps } from './image-steps.ts';
import { preflightSteps } from './preflight-steps.ts';

const steps = <const T extends Record<string, StepDefinition>>(table: T): T => table;

/**
 * THE catalogue: what a turn-up does. Order and parallelism come from `needs` alone; ids are API.
 * The steps of one member (`clusterSteps`) are a template: `{cluster}` becomes the member's name.
 */
export const hostSteps = steps({
  ...preflightSteps,
  ...imageSteps,
  ...controlPlaneSteps,
  ...dnsSteps,
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
  'verify/clusters': {
    phase: 'verify',
    title: 'Verify the members',
    done: 'Members verified',
    why: 'Every registered cluster is reported Ready by the federation itself.',
    activity: 'verifyClusters',
    timing: { wait: 'clusterReady' },
    needs: ['clusters', 'controller-manager/ready'],
    reads: ['clusters'],
    when: (spec) => spec.clusters.length > 0,
  },
  'verify/record': {
    phase: 'verify',
    title: 'Mark the federation as up',
    done: 'Federation marked as up',
    why: 'The record says that the federation is up, and the Lease is released for the next operator.',
    activity: 'markRecord',
    timing: 'apply',
    needs: ['verify/control-plane', 'verify/clusters', 'dns/delegation', 'dns/apiserver-record', 'images/record'],
    reads: [],
  },
});

export { clusterSteps };
/** Ids of all steps; those of a member with `{cluster}` in place of its name. */
export type HostStepId = keyof typeof hostSteps;
export type ClusterStepId = keyof typeof clusterSteps;
export type StepId = HostStepId | ClusterStepId;

/** Ids of all steps of a federation with these members. */
export const stepIdsOf = (members: readonly string[]): string[] => [
  ...Object.keys(hostSteps),
  ...members.flatMap((name) => Object.keys(clusterSteps).map((id) => id.replaceAll('{cluster}', name))),
];
