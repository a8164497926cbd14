import type { KubeObject } from '../kubernetes/objects.ts';
import { type DnsController, dnsNamespace, type FoundDns } from './shapes.ts';
import { type ConfigMapEntry, configMapToAdd, patchToAddFlag } from './edits.ts';
import type { CorefileEntry } from './corefile.ts';
import { corefileToAdd } from './corefile-edits.ts';
import { stubServers } from './stub-domains.ts';

type Found = Extract<FoundDns, { controller: DnsController }>;

/** What a member is told. */
export type Told = Omit<CorefileEntry, 'dialect'> & ConfigMapEntry;

/** What the spec says of it. */
export const entryOf = (
  federation: string,
  { domain, resolvers, stubDomain }: { domain: string; resolvers: readonly string[]; stubDomain?: boolean | undefined },
): Told => ({
  federation,
  domain,
  resolvers,
  stub: stubDomain ? { domain, servers: stubServers(resolvers) } : undefined,
});

/** True when cluster DNS, with the ConfigMap that it reads, names the federation as the entry has it. */
export function saysAlready(dns: Found & { configMap: KubeObject | undefined }, entry: Told): boolean {
  if (dns.shape === 'coredns/corefile') {
    const { corefile, configMap } = dns;
    const resolvers = corefile.forwards ? entry.resolvers : [];
    const wanted = { ...entry, resolvers, dialect: corefile.dialect };
    return configMap !== undefined && corefileToAdd(configMap, corefile, wanted) === undefined;
  }
  return dns.shape.endsWith('/configmap')
    ? configMapToAdd(dns.configMap, dnsNamespace, entry) === undefined
    : patchToAddFlag(dns.controller, dns.place, entry) === undefined;
}
