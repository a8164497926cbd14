import { CancelledFailure } from '@temporalio/common';
import { dnsNamespace } from '../../src/cluster-dns/shapes.ts';
import { type Proof, proofQuestion, type ProofQuestion, together, verdict } from '../../src/cluster-dns/proof.ts';
import { queryThrough } from '../clients/dns/query.ts';
import type { Kube } from '../clients/kube/port.ts';
import { isServing, podsOf } from './pods.ts';
import { type MemberDns, readClusterDns } from './member-dns.ts';
import type { StepScope } from '../core/step.ts';
import { type ProbeResult, waitUntil } from '../kit/wait.ts';

/** ms for what was just replaced to come to itself. */
const withinMs = 10_000;
/** Pods that are asked: more of the same controller would say the same. */
const atMostPods = 5;

/**
 * Asks the pods of a member's cluster DNS, each of them through the API server, for a name of the federation. Returns
 * what to say of it. Nothing is made in the member for it, so nothing can stay behind. Throws CLUSTER_DNS_NOT_TOLD
 * when one still answers such a name by itself after 10 s.
 */
export async function proveClusterDns(
  scope: StepScope,
  member: Kube,
  { cluster, domain }: { cluster: string; domain: string },
): Promise<string> {
  const entry = { federation: scope.run.federation, domain };
  const look = async (): Promise<ProbeResult<string>> => {
    const { proved, why } = { why: '', ...(await proofOf(member, entry)) };
    if (proved === false) return { why };
    return { value: proved ? 'proved by a name of the federation' : `unproved: ${why}` };
  };
  return waitUntil({ waitMs: withinMs }, 'CLUSTER_DNS_NOT_TOLD', look, { from: Date.now(), data: { cluster } });
}

async function proofOf(member: Kube, entry: { federation: string; domain: string }): Promise<Proof> {
  const dns = await readClusterDns(member);
  if ('code' in dns) return { proved: undefined, why: dns.message };
  const question = questionOf(dns, entry);
  const pods = (await podsOf(member, dns.controller)).filter(isServing).slice(0, atMostPods);
  return together(await Promise.all(pods.map(({ metadata }) => ask(member, metadata.name, question))));
}

function questionOf(dns: MemberDns, entry: { federation: string; domain: string }): ProofQuestion {
  if (dns.shape !== 'coredns/corefile') return proofQuestion(entry, dns.controller, undefined, false);
  const { key, dialect } = dns.corefile;
  const corefile = (dns.configMap?.['data'] as Record<string, string> | undefined)?.[key] ?? '';
  return proofQuestion(entry, dns.controller, corefile, dialect === 'rewrite');
}

/** One pod's word. Where it cannot be asked (no right to, no real kubelet) nothing is proved, and nothing refuted. */
async function ask(member: Kube, name: string, question: ProofQuestion): Promise<Proof> {
  const pod = { namespace: dnsNamespace, name, port: 53 };
  try {
    const asked = { name: question.name, type: 'A', recursive: true } as const;
    return verdict(question, await queryThrough(asked, (sent, whole) => member.exchange(pod, sent, whole)));
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    return { proved: undefined, why: (error as Error).message };
  }
}
