import { describe, expect, it } from '@jest/globals';
import type { DnsReply } from '../../src/cluster-dns/reply.ts';
import { controllerOf } from '../../src/cluster-dns/shapes.ts';
import { proofQuestion, together, verdict } from '../../src/cluster-dns/proof.ts';
import { coreDns, kubeDnsDeployment, kubeDnsV18 } from '../helpers/kubernetes/kube-dns.ts';

const entry = { federation: 'myfederation', domain: 'fed.example.org' };
const corefile = '.:53 {\n  kubernetes cluster.example in-addr.arpa\n}\n';
const question = proofQuestion(entry, controllerOf(kubeDnsV18(), 'ReplicationController')!, corefile, true);
const reply = (given: Partial<DnsReply>): { reply: DnsReply } => ({
  reply: {
    ...{ id: 1, code: 3, authoritative: false, truncated: false, question: undefined },
    ...{ answers: [], authority: [], additional: [] },
    ...given,
  },
});
const denied = (zone: string): { reply: DnsReply } =>
  reply({ authority: [{ name: zone, type: 'SOA', ttl: 1, value: 'ns1.' }] });

describe('the proof that a cluster DNS is told', () => {
  it("asks below the cluster's own domain, wherever that stands", () => {
    expect(question.name).toBe('fedctl-proof.fedctl.myfederation.svc.cluster.example');
    const flagged = kubeDnsDeployment({ args: ['--domain', 'k8s.test.'] });
    expect(proofQuestion(entry, controllerOf(flagged, 'Deployment')!, undefined, false)).toMatchObject({
      name: 'fedctl-proof.fedctl.myfederation.svc.k8s.test',
      clusterDomain: 'k8s.test',
    });
    const bare = '.:53 {\n  kubernetes {\n  }\n}\n';
    expect(proofQuestion(entry, controllerOf(kubeDnsV18(), 'ReplicationController')!, bare, true).clusterDomain).toBe(
      'cluster.local',
    );
    expect(controllerOf(coreDns(), 'Deployment')).toBeUndefined();
  });

  it.each([
    ['the zone denies the name', denied('fed.example.org.')],
    ['the zone above the domain, which is inside it', denied('example.org.')],
    [
      'a way into the domain',
      reply({ code: 0, answers: [{ name: 'x.', type: 'CNAME', ttl: 1, value: 'x.fed.example.org.' }] }),
    ],
    ['an address, by a wildcard', reply({ code: 0, answers: [{ name: 'x.', type: 'A', ttl: 1, value: '192.0.2.1' }] })],
  ])('is given when %s', (_what, answer) => {
    expect(verdict(question, answer)).toEqual({ proved: true });
  });

  it.each([
    ['a zone that is not delegated', denied('org.'), 'fed.example.org is not found from there'],
    ['the root', denied('.'), 'denied by .:'],
    ['a stranger', denied('example.net.'), 'denied by example.net.'],
    ['a server that cannot', reply({ code: 2 }), 'SERVFAIL for fedctl-proof'],
    ['silence', { code: 'ETIMEDOUT' }, 'ETIMEDOUT'],
  ])('is not given, nor the contrary, by %s', (_what, answer, why) => {
    expect(verdict(question, answer)).toEqual({ proved: undefined, why: expect.stringContaining(why) });
  });

  it('is refuted when the cluster denies the name itself, but for kube-dns, which looks for a service of its own', () => {
    const own = denied('cluster.example.');
    expect(verdict(question, own)).toMatchObject({ proved: false });
    expect(verdict({ ...question, always: false }, own)).toMatchObject({ proved: undefined });
  });

  it('needs every pod', () => {
    const no = { proved: false, why: 'no' } as const;
    const open = { proved: undefined, why: 'open' } as const;
    expect(together([{ proved: true }, open, no])).toBe(no);
    expect(together([{ proved: true }, open])).toBe(open);
    expect(together([{ proved: true }, { proved: true }])).toEqual({ proved: true });
    expect(together([]).proved).toBeUndefined();
  });
});
