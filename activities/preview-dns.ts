import type { Facts, RunContext } from '../src/plan/call.ts';
import type { ObjectPreview } from '../src/plan/preview.ts';
import type { DnsSpec } from './clients/dns-port.ts';
import type { Deps } from './deps.ts';
import { dnsProvider, factsOf, findZone } from './dns-provider.ts';
import { recordFor, recordsAt, sameRecord } from './dns-record.ts';
import { failure } from './fail.ts';
import { toBeMade } from './preview-kube.ts';

/** A thing at the provider, and what later steps are told of it. */
interface DnsPreview {
  object: ObjectPreview;
  facts: Facts;
}

/** The zone, by finding it. Throws DNS_ZONE_NOT_FOUND where the spec does not let fedctl make it. */
export async function previewZone({ env }: Deps, { uuid }: RunContext, dns: DnsSpec): Promise<DnsPreview> {
  const provider = await dnsProvider(dns, env);
  const zone = await findZone(provider, dns, uuid);
  if (!zone && !dns.createZone) {
    const message = `zone ${dns.zone} does not exist at ${provider.label}, and dns.createZone is false`;
    throw failure('DNS_ZONE_NOT_FOUND', message, { zone: dns.zone, provider: dns.provider });
  }
  const about = { cluster: 'dns', kind: 'Zone', namespace: dns.provider, name: dns.zone, fields: [], note: null };
  return {
    object: { ...about, action: zone ? 'keep' : 'create' },
    facts: zone ? { ...factsOf(zone) } : { zoneId: toBeMade, nameServers: [], controllerZone: '' },
  };
}

/** The record of the control plane, by reading what stands at its name. */
export async function previewRecord(
  { env }: Deps,
  { uuid }: RunContext,
  dns: DnsSpec,
  address: Facts = {},
): Promise<DnsPreview> {
  const kind = address['kind'] === 'hostname' ? 'hostname' : 'ip';
  const wanted = recordFor(dns.domain, { address: String(address['address'] ?? toBeMade), kind });
  const provider = await dnsProvider(dns, env);
  const zone = await findZone(provider, dns, uuid);
  const standing = zone ? await recordsAt(provider, zone, wanted.name) : [];
  const right = standing.length === 1 && standing.every((set) => sameRecord(set, wanted));
  const about = { cluster: 'dns', kind: 'Record', namespace: dns.provider, name: wanted.name, note: null };
  if (right) return { object: { ...about, action: 'keep', fields: [] }, facts: {} };
  const from = standing.map(({ type, values }) => `${type} ${values.join(', ')}`).join('; ');
  const fields = from ? [{ path: 'values', from, to: `${wanted.type} ${wanted.values.join(', ')}` }] : [];
  return { object: { ...about, action: from ? 'update' : 'create', fields }, facts: {} };
}
