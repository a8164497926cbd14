import type { StepDefinition } from './definition.ts';

/** Steps of phase `verify`, but for `verify/control-plane`, which is the distribution's: proofs after the work. */
export const verifySteps = {
  'verify/clusters': {
    phase: 'verify',
    title: 'Verify the members',
    done: 'Members verified',
    why: 'Every registered cluster is reported Ready by the federation itself.',
    activity: 'verifyClusters',
    timing: { wait: 'clusterReady' },
    needs: ['clusters'],
    reads: ['clusters'],
    when: (spec) => spec.clusters.length > 0,
  },
  'verify/record': {
    phase: 'verify',
    title: 'Mark the federation as up',
    done: 'Federation marked as up',
    why: 'The record says that the federation is up, and the Lease is released for the next operator.',
    activity: 'markRecord',
    takes: ['left?'],
    timing: 'apply',
    needs: ['verify/control-plane', 'verify/clusters', 'dns/delegation', 'images/record'],
    reads: [],
  },
} as const satisfies Record<string, StepDefinition>;
