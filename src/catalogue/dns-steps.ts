import type { StepDefinition } from './definition.ts';

/** Steps of phase `dns`: part of the run only when the spec has `dns`. */
export const dnsSteps = {
  'dns/zone': {
    phase: 'dns',
    title: 'Ensure the DNS zone',
    done: 'DNS zone ready',
    why: 'Federated services get their names in it; every name server of the zone must answer for it.',
    activity: 'ensureZone',
    undo: 'removeZone',
    timing: { wait: 'zone' },
    needs: ['host/record', 'preflight/dns'],
    reads: ['dns'],
    when: (spec) => spec.dns !== undefined,
  },
  'dns/delegation': {
    phase: 'dns',
    title: 'Check the delegation of the zone',
    done: 'Delegation checked',
    why: 'Resolvers find a zone only when its parent zone delegates to it.',
    activity: 'checkDelegation',
    timing: { wait: 'delegation' },
    needs: ['dns/zone'],
    reads: ['dns'],
    uses: { nameServers: 'dns/zone.nameServers' },
    skippable: true,
    when: (spec) => spec.dns !== undefined && spec.dns.delegation !== 'ignore',
  },
} as const satisfies Record<string, StepDefinition>;
