import type { KubeObject } from '../kubernetes/objects.ts';

/** Key of ConfigMap kube-dns: a JSON object of domains, each with the servers that know it. */
export const stubKey = 'stubDomains';

/** Annotation beside it: what stood there before us, as we left it, and which part is ours. */
export const stubAnnotation = (federation: string): string => `stub.fedctl/${federation}`;

/** A domain that is known to servers of its own (`ip`, or `ip:port` for another port than 53). */
export interface StubDomain {
  domain: string;
  servers: string[];
}

interface Mark extends StubDomain {
  /** Exact text before us; null: the key was absent. */
  former: string | null;
  /** Exact text as we left it: any other text was written by somebody else since. */
  applied: string;
}

/** What to write: the key's text (null: none) and the annotation's (null: none). */
export interface StubEdit {
  value: string | null;
  mark: string | null;
}

/** `dns.resolvers` (`ip:port`) as kube-dns takes them: older ones know addresses only. */
export const stubServers = (resolvers: readonly string[]): string[] =>
  resolvers.map((one) => one.replace(/:53$/, '').replace(/^\[([^\]]+)\]$/, '$1'));

const dataOf = (configMap: KubeObject | undefined): string | undefined =>
  (configMap?.['data'] as Record<string, string> | undefined)?.[stubKey];

function markOf(configMap: KubeObject | undefined, federation: string): Mark | undefined {
  try {
    const mark = JSON.parse(configMap?.metadata.annotations?.[stubAnnotation(federation)] ?? '') as Partial<Mark>;
    const { domain, servers, former, applied } = mark;
    const whole = typeof domain === 'string' && Array.isArray(servers) && typeof applied === 'string';
    return whole && (former === null || typeof former === 'string') ? (mark as Mark) : undefined;
  } catch {
    return undefined;
  }
}

/** undefined: it is no JSON object, so kube-dns does not take it either. */
function domainsIn(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text === undefined || text.trim() === '' ? '{}' : text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** In lines, where the text was in lines. */
const written = (domains: Record<string, unknown>, like: string | undefined): string =>
  like?.trim().includes('\n') ? `${JSON.stringify(domains, null, 2)}\n` : JSON.stringify(domains);

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Why a stub domain cannot be added; undefined: it can, or somebody else's entry for it stands and stays. */
export const stubProblem = (configMap: KubeObject | undefined): string | undefined =>
  domainsIn(dataOf(configMap)) ? undefined : `key ${stubKey} is no JSON object`;

/** True when somebody else's entry for the domain names other servers: it stays. */
export const isTaken = (configMap: KubeObject | undefined, federation: string, stub: StubDomain): boolean => {
  const standing = domainsIn(dataOf(configMap))?.[stub.domain];
  return (
    standing !== undefined && !same(standing, stub.servers) && !same(standing, markOf(configMap, federation)?.servers)
  );
};

/** The ConfigMap as if we had never written: to begin anew where we wrote another domain or other servers before. */
function withoutOurs(configMap: KubeObject | undefined, federation: string, bare: StubEdit | undefined): KubeObject {
  const data = { ...(configMap?.['data'] as object | undefined), [stubKey]: bare?.value ?? undefined };
  const { [stubAnnotation(federation)]: _ours, ...annotations } = configMap?.metadata.annotations ?? {};
  return { ...configMap, metadata: { ...configMap?.metadata, annotations }, data } as KubeObject;
}

/**
 * What to write so that the stub domain is there as wanted (undefined: it is not asked for, so what we wrote earlier
 * goes). undefined: nothing. Of a ConfigMap without a problem; entries of others stay, also for the same domain.
 */
export function stubToWrite(
  configMap: KubeObject | undefined,
  federation: string,
  wanted: StubDomain | undefined,
): StubEdit | undefined {
  const mark = markOf(configMap, federation);
  if (!wanted) return mark && stubToRestore(configMap, federation);
  if (mark && (mark.domain !== wanted.domain || !same(mark.servers, wanted.servers))) {
    const bare = stubToRestore(configMap, federation);
    return stubToWrite(withoutOurs(configMap, federation, bare), federation, wanted) ?? bare;
  }
  const text = dataOf(configMap);
  const domains = domainsIn(text);
  if (!domains || domains[wanted.domain] !== undefined) return undefined;
  const value = written({ ...domains, [wanted.domain]: wanted.servers }, text);
  return { value, mark: JSON.stringify({ ...wanted, former: text ?? null, applied: value } satisfies Mark) };
}

/** How to take our stub domain out: the exact former text, or only our part where somebody changed it since. */
export function stubToRestore(configMap: KubeObject | undefined, federation: string): StubEdit | undefined {
  const mark = markOf(configMap, federation);
  if (!mark) return undefined;
  const text = dataOf(configMap);
  if (text === mark.applied) return { value: mark.former, mark: null };
  const domains = domainsIn(text);
  if (!domains || !same(domains[mark.domain], mark.servers)) return { value: text ?? null, mark: null };
  const { [mark.domain]: _ours, ...others } = domains;
  return { value: Object.keys(others).length === 0 && mark.former === null ? null : written(others, text), mark: null };
}
