import type { Distribution } from '../../src/distributions/distribution.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { HostRef } from '../../src/catalogue/call.ts';
import { entryOf, saysAlready } from '../../src/cluster-dns/configured.ts';
import type { StandingMember } from '../../src/status/standing.ts';
import type { ClusterSpec, Spec } from '../../src/spec/schema.ts';
import { readClusterDns } from '../cluster-dns/member-dns.ts';
import type { Deps } from '../core/deps.ts';
import type { FederationRecord } from '../core/record.ts';
import { type ReadResult, tryRead } from './try-read.ts';

interface MembersQuestion {
  host: HostRef;
  record: FederationRecord;
  distribution: Distribution;
  /** ms for each answer. */
  partMs: number;
}

/**
 * Every member of the record, and every Cluster that others registered, by name: what the federation says of it, and
 * what its own cluster DNS says. All are asked at the same time; who does not answer is told as silent.
 */
export async function readMembers(
  deps: Deps,
  { host, record, distribution, partMs }: MembersQuestion,
): Promise<StandingMember[]> {
  const spec: Partial<Spec> = record.spec ?? {};
  const [clusters, told] = await Promise.all([
    tryRead(partMs, 'the federation API', async () => clustersOf(deps, host, distribution)),
    Promise.all(record.members.map((member) => readTold(deps, { member, record, dns: spec.dns, partMs }))),
  ]);
  const known = record.members.map((member, at) => ({
    name: member.name,
    context: member.context,
    ...seenBy(distribution, clusters, member.name),
    ...(told[at] ?? left),
  }));
  const ours = new Set(known.map(({ name }) => name));
  const byOthers = ('value' in clusters ? clusters.value : [])
    .filter(({ metadata: { name } }) => !ours.has(name))
    .map(({ metadata: { name } }) => ({ name, context: null, ...seenBy(distribution, clusters, name), ...left }));
  return [...known, ...byOthers].sort((a, b) => a.name.localeCompare(b.name));
}

async function clustersOf(
  { kube }: Deps,
  host: HostRef,
  { names, member: { apiVersion, kind } }: Distribution,
): Promise<KubeObject[]> {
  const federation = await kube.forSecret(host, names.adminKubeconfig);
  return federation.list({ apiVersion, kind });
}

type Seen = Pick<StandingMember, 'server' | 'ready' | 'why'>;
type Told = Pick<StandingMember, 'clusterDns' | 'clusterDnsWhy'>;
const left: Told = { clusterDns: 'skip', clusterDnsWhy: null };

/** How the federation itself sees a member. */
function seenBy({ member }: Distribution, clusters: ReadResult<KubeObject[]>, name: string): Seen {
  if ('why' in clusters) return { server: null, ready: null, why: clusters.why };
  const found = clusters.value.find(({ metadata }) => metadata.name === name);
  if (!found) return { server: null, ready: false, why: 'not registered with the federation' };
  const why = member.readiness(found);
  return { server: member.server(found) ?? null, ready: why === '', why: why || null };
}

interface ToldQuestion {
  member: ClusterSpec;
  record: FederationRecord;
  dns: Spec['dns'];
  partMs: number;
}

/** Asks the member itself, by the context that this process has for it. */
async function readTold(deps: Deps, { member, record, dns, partMs }: ToldQuestion): Promise<Told> {
  if (!dns || member.clusterDns === 'skip') return left;
  const { federation } = record;
  const found = await tryRead(partMs, `its context ${member.context}`, async () =>
    readClusterDns(await deps.kube.forContext(member)),
  );
  if ('why' in found) return { clusterDns: 'unknown', clusterDnsWhy: found.why };
  if ('code' in found.value) return { clusterDns: 'unknown', clusterDnsWhy: found.value.message };
  return { clusterDns: saysAlready(found.value, entryOf(federation, dns)) ? 'told' : 'untold', clusterDnsWhy: null };
}
