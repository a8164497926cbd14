import type { Answer } from './reply.ts';
import type { DnsController } from './shapes.ts';
import { clusterDomainOf } from './corefile.ts';

/** What an answer shows of a member's cluster DNS. */
export type Proof =
  | { proved: true }
  /** It cannot be told; `why` in the words of whoever answered. */
  | { proved: undefined; why: string }
  /** It answers names of the federation by itself, so it does not know the federation. */
  | { proved: false; why: string };

/** What to ask, and what the answers are held against. */
export interface ProofQuestion {
  /** A name below the federation that nobody has: whoever denies it says in whose zone it is not. */
  name: string;
  /** The member's own domain, and the one that the federation's names lead to. */
  clusterDomain: string;
  domain: string;
  /** The rule stands in a Corefile: every name leads away, so an answer of the cluster's own is a proof against it. */
  always: boolean;
}

/** `corefile`: the text that a CoreDNS has; undefined for kube-dns. */
export function proofQuestion(
  { federation, domain }: { federation: string; domain: string },
  controller: DnsController,
  corefile: string | undefined,
  always: boolean,
): ProofQuestion {
  const clusterDomain = corefile === undefined ? domainOf(controller) : clusterDomainOf(corefile);
  return { name: `fedctl-proof.fedctl.${federation}.svc.${clusterDomain}`, clusterDomain, domain, always };
}

/** The flag `--domain` of kube-dns. */
function domainOf({ container }: DnsController): string {
  const argv = [...(container.command ?? []), ...(container.args ?? [])];
  const at = argv.findIndex((arg) => /^--domain(=|$)/.test(arg));
  const value = at < 0 ? undefined : (argv[at]?.split('=')[1] ?? argv[at + 1]);
  return (value ?? 'cluster.local').replace(/\.$/, '');
}

const codes: Record<number, string> = { 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 4: 'NOTIMP', 5: 'REFUSED' };

const within = (name: string, domain: string): boolean =>
  `.${name.replace(/\.$/, '').toLowerCase()}`.endsWith(`.${domain.replace(/\.$/, '').toLowerCase()}`);

/**
 * The verdict on one answer. Proved: an answer, a way into the domain, or a denial by the zone that holds the domain;
 * a denial by a zone above (a bare top-level domain, the root) shows only that the zone is not delegated.
 */
export function verdict(question: ProofQuestion, answer: Answer): Proof {
  if (!('reply' in answer)) return { proved: undefined, why: answer.code };
  const { code, answers, authority } = answer.reply;
  if (answers.some(({ type, value }) => type === 'CNAME' && within(value, question.domain))) return { proved: true };
  if (code === 0 && answers.length > 0) return { proved: true };
  const owner = authority.find(({ type }) => type === 'SOA')?.name;
  if (owner !== undefined) return denial(question, owner);
  return { proved: undefined, why: `${codes[code] ?? (code === 0 ? 'no record' : code)} for ${question.name}` };
}

/** What it shows that `owner`, a zone, has no such name. */
function denial({ name, clusterDomain, domain, always }: ProofQuestion, owner: string): Proof {
  if (within(owner, clusterDomain)) {
    const why = `${name} is denied by ${owner}, the cluster's own zone`;
    return always ? { proved: false, why } : { proved: undefined, why };
  }
  if (within(domain, owner) && owner.split('.').filter(Boolean).length > 1) return { proved: true };
  return { proved: undefined, why: `${name} is denied by ${owner}: the zone of ${domain} is not found from there` };
}

/** What several pods show together: one that is not told is one too many. */
export const together = (proofs: readonly Proof[]): Proof =>
  proofs.find(({ proved }) => proved === false) ??
  proofs.find(({ proved }) => proved === undefined) ??
  proofs[0] ?? { proved: undefined, why: 'no pod serves' };
