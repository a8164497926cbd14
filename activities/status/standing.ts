import { X509Certificate } from 'node:crypto';
import { parse } from 'yaml';
import type { HostRef } from '../../src/catalogue/call.ts';
import type { CertifiedSecret, Distribution } from '../../src/distributions/distribution.ts';
import { distributionOf } from '../../src/distributions/table.ts';
import {
  componentOf,
  type Standing,
  type StandingCertificate,
  type StandingComponent,
  type StandingZone,
} from '../../src/status/standing.ts';
import type { Spec } from '../../src/spec/schema.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { secretText } from '../kit/secret-text.ts';
import type { Deps } from '../core/deps.ts';
import { dnsProvider, findZone } from '../dns/provider.ts';
import { type FederationRecord, readRecord } from '../core/record.ts';
import { type ReadResult, tryRead } from './try-read.ts';
import { apiWorkload, type Workload, workloadsOf } from '../control-plane/components.ts';
import { readMembers } from './standing-members.ts';

/** What reading a federation as it stands needs. */
export interface StandingQuestion {
  host: HostRef;
  /** ms that any part of it may take; who has not answered by then is told as silent. */
  partMs: number;
}

/**
 * The federation whose record stands in the host, from reads of the host, of the federation API, of every member and of
 * the DNS provider, all at the same time. undefined: there is no record. Throws what reading the record throws; all
 * else that does not answer is told in its place.
 */
export async function readStanding(deps: Deps, { host, partMs }: StandingQuestion): Promise<Standing | undefined> {
  const kube = await deps.kube.forContext(host);
  const record = await readRecord(kube, host.namespace);
  if (!record) return undefined;
  const spec: Partial<Spec> = record.spec ?? {};
  const distribution = distributionOf(spec, deps.distributions);
  const { certificates, names } = distribution;
  const [version, components, secrets, members, zone] = await Promise.all([
    tryRead(partMs, kube.server, () => versionOf(kube)),
    readComponents(kube, host.namespace, distribution, partMs),
    Promise.all(
      certificates.map(({ secret }) => tryRead(partMs, kube.server, () => readSecret(kube, host.namespace, secret))),
    ),
    readMembers(deps, { host, record, distribution, partMs }),
    readZone(deps, record, spec.dns, partMs),
  ]);
  return {
    federation: record.federation,
    readAt: new Date().toISOString(),
    host: {
      context: host.context,
      namespace: host.namespace,
      server: kube.server,
      version: 'value' in version ? version.value : null,
    },
    phase: record.phase,
    writtenBy: record.updatedBy,
    writtenAt: record.updatedAt,
    address: addressIn(secrets[certificates.findIndex(({ secret }) => secret === names.adminKubeconfig)]),
    components,
    members,
    zone,
    certificates: certificates.map((about, at) => certificateIn(about, secrets[at])),
  };
}

async function versionOf(kube: Kube): Promise<string | null> {
  const { status, body } = await kube.get('/version');
  return status === 200 ? ((JSON.parse(body) as { gitVersion?: string }).gitVersion ?? null) : null;
}

async function readComponents(
  kube: Kube,
  namespace: string,
  distribution: Distribution,
  ms: number,
): Promise<StandingComponent[]> {
  const withAddress = apiWorkload(distribution)?.name;
  const read = async ({ name, kind, pods: labelSelector }: Workload): Promise<StandingComponent> => {
    const found = await tryRead(ms, kube.server, async () => {
      const [workload, pods] = await Promise.all([
        kube.read({ apiVersion: 'apps/v1', kind, name, namespace }),
        kube.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector }),
      ]);
      return componentOf(name, workload, pods, kind);
    });
    const component = 'value' in found ? found.value : { name, ready: null, why: found.why, images: [] };
    return name === withAddress ? { ...component, hasAddress: true } : component;
  };
  return Promise.all(workloadsOf(distribution).map(read));
}

const readSecret = (kube: Kube, namespace: string, name: string): Promise<KubeObject | undefined> =>
  kube.read({ apiVersion: 'v1', kind: 'Secret', name, namespace });

interface StoredKubeconfig {
  clusters?: { cluster?: { server?: string } }[];
  users?: { user?: { 'client-certificate-data'?: string } }[];
}

/** SECRET, but for what its callers take out of it: a server and a certificate. */
function kubeconfigIn(secret: KubeObject | undefined): StoredKubeconfig | undefined {
  try {
    return (parse(secretText(secret, 'kubeconfig') ?? '') as StoredKubeconfig | null) ?? undefined;
  } catch {
    return undefined; // the parser would quote what it read
  }
}

const addressIn = (secret: ReadResult<KubeObject | undefined> | undefined): string | null =>
  (secret && 'value' in secret && kubeconfigIn(secret.value)?.clusters?.[0]?.cluster?.server) || null;

/** The one thing of a Secret that leaves this process: until when its certificate is valid. */
function certificateIn(
  { secret, key }: CertifiedSecret,
  found: ReadResult<KubeObject | undefined> = { value: undefined },
): StandingCertificate {
  if ('why' in found) return { secret, expires: null, why: found.why };
  if (!found.value) return { secret, expires: null, why: 'not created yet' };
  const pem = key === 'kubeconfig' ? clientCertificate(found) : (secretText(found.value, key) ?? '');
  try {
    return { secret, expires: new Date(new X509Certificate(pem).validTo).toISOString(), why: null };
  } catch {
    return { secret, expires: null, why: 'holds no certificate that can be read' };
  }
}

const clientCertificate = ({ value }: { value: KubeObject | undefined }): string =>
  Buffer.from(kubeconfigIn(value)?.users?.[0]?.user?.['client-certificate-data'] ?? '', 'base64').toString();

/** The zone, with the credentials of this process: where it has none, that is what is told. */
async function readZone(
  { env }: Deps,
  { uuid }: FederationRecord,
  dns: Spec['dns'],
  ms: number,
): Promise<StandingZone | null> {
  if (!dns) return null;
  const zone = { name: dns.zone, provider: dns.provider, made: false, nameServers: [], why: null };
  const found = await tryRead(ms, dns.provider, async () => findZone(await dnsProvider(dns, env, ms), dns, uuid));
  if ('why' in found) return { ...zone, stands: null, why: found.why };
  if (!found.value) return { ...zone, stands: false, why: 'the provider has no such zone' };
  return { ...zone, stands: true, made: found.value.federation === uuid, nameServers: found.value.nameServers };
}
