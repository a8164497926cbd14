import { defineErrors } from './types.ts';

/** Codes about member clusters and their cluster DNS. */
export const membersErrors = defineErrors({
  MEMBER_UNREACHABLE: {
    retry: 'never',
    title: 'the member cluster cannot be reached',
    fix: (d) => [
      `check that ${d['server'] ?? 'the member'} runs and can be reached from the worker`,
      'the other members go on; this one goes on when it can be reached again, or: fedctl retry NAME',
    ],
  },
  DEBT_OPEN: {
    retry: 'never',
    title: 'clean-up of an earlier turn-down is still owed in this member',
    fix: (d) => [
      'it is done automatically when the member can be reached again; this step then goes on, or: fedctl retry NAME',
      `if the member is gone for good: fedctl down ${d['federation'] ?? 'NAME'} --forget ${d['cluster'] ?? 'MEMBER'}`,
    ],
  },
  CREDENTIALS_NOT_COPYABLE: {
    retry: 'never',
    title: 'the credentials of the context cannot be used in a pod',
    fix: (d) => [
      `use credentials: serviceAccount for ${d['cluster'] ?? 'the cluster'} (the default), or a context whose user has a token or certificate`,
    ],
  },
  MEMBER_TOKEN_MISSING: {
    retry: 'waiting',
    title: 'the member has not issued the token of the ServiceAccount',
    fix: () => ['check that kube-controller-manager of the member runs: its token controller fills the Secret'],
  },
  CLUSTER_NOT_READY: {
    retry: 'never',
    title: 'the federation does not report the cluster as Ready',
    fix: (d) => [
      ...(d['loopback']
        ? ['set clusters[].serverAddresses to an address that pods of the host cluster can reach, not a loopback one']
        : []),
      `check from a pod of the host cluster that ${d['server'] ?? 'the server of the member'} answers /healthz`,
      `look at the log: kubectl logs deployment/${d['prober'] ?? 'DEPLOYMENT'}`,
    ],
  },
  CLUSTER_DNS_ABSENT: {
    retry: 'never',
    title: 'the member has no supported cluster DNS',
    fix: (d) => [
      `set clusterDns: skip for ${d['cluster'] ?? 'the cluster'} in the spec, or skip the step: fedctl skip NAME`,
    ],
  },
  CLUSTER_DNS_AMBIGUOUS: {
    retry: 'never',
    title: 'more than one controller of the member runs its cluster DNS',
    fix: () => ['scale the old one to zero', 'or set clusterDns: skip for the cluster and edit the right one by hand'],
  },
  CLUSTER_DNS_UNKNOWN: {
    retry: 'never',
    title: 'the cluster DNS of the member is set up in a way that cannot be edited safely',
    fix: () => [
      'configure it by hand (--federations, or the rules in docs/dns.md), and set clusterDns: skip for the cluster',
    ],
  },
  CLUSTER_DNS_NOT_READY: {
    retry: 'never',
    title: "replacement pods of the member's cluster DNS did not become Ready",
    fix: (d) => [
      `look at the pods: kubectl --namespace=kube-system describe pods -l ${d['selector'] ?? 'k8s-app=kube-dns'}`,
    ],
  },
  CLUSTER_DNS_NOT_TOLD: {
    retry: 'never',
    title: 'the cluster DNS of the member does not use its new configuration yet',
    fix: (d) => [
      `check what configuration its pods have, and restart them if it is an old one: kubectl --namespace=kube-system rollout restart deployment (of ${d['cluster'] ?? 'the member'})`,
      'then: fedctl retry NAME',
    ],
  },
});
