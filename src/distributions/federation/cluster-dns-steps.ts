import type { StepDefinition } from '../../catalogue/definition.ts';

/** What a member's own DNS needs, so that its pods find federated services. */
export const clusterDnsSteps = {
  'clusters/{cluster}/cluster-dns': {
    phase: 'clusters',
    title: 'Configure cluster DNS',
    done: 'Cluster DNS configured',
    why: 'kube-dns and CoreDNS resolve the names of federated services only when the federation and its domain are in their configuration.',
    activity: 'ensureClusterDns',
    previews: true,
    undo: 'restoreClusterDns',
    inMember: true,
    timing: 'apply',
    needs: ['clusters/{cluster}/ready'],
    reads: ['dns.domain', 'dns.zone', 'dns.resolvers', 'dns.stubDomain'],
    skippable: true,
    when: (spec) => spec.dns !== undefined,
  },
  'clusters/{cluster}/recycle': {
    phase: 'clusters',
    title: 'Recycle the cluster DNS pods',
    done: 'Cluster DNS pods recycled',
    why: 'Running pods do not read the new configuration; they are replaced one by one.',
    activity: 'recycleClusterDns',
    undo: 'recycleClusterDns',
    inMember: true,
    timing: { wait: 'recycle' },
    needs: ['clusters/{cluster}/cluster-dns'],
    reads: ['dns.domain', 'dns.zone', 'dns.resolvers', 'dns.stubDomain'],
    uses: { changed: 'clusters/{cluster}/cluster-dns.changed', pods: 'clusters/{cluster}/cluster-dns.pods' },
    skippable: true,
    when: (spec) => spec.dns !== undefined,
    undoNeeds: ['clusters/{cluster}/cluster-dns'],
  },
} as const satisfies Record<string, StepDefinition>;
