import type { Facts, RunContext } from '../../src/catalogue/call.ts';
import { dnsPlace, nameOfPlace } from '../../src/kubernetes/place.ts';
import type { ObjectPreview } from '../../src/plan/preview.ts';
import type { DnsSpec } from '../clients/dns/port.ts';
import type { Deps } from '../core/deps.ts';
import { dnsProvider, factsOf, findZone } from '../dns/provider.ts';
import { distributionOf } from '../../src/distributions/table.ts';
import { recordFor, recordsAt, sameRecord } from '../dns/record.ts';
import { failure } from '../kit/fail.ts';
import { digestOf, noAddress, toBeMade } from '../core/object-digest.ts';

/** A thing at the provider, and what later steps are told of it. */
interface DnsPreview {
  object: ObjectPreview;
  facts: Facts;
}

const atProvider = ({ provider }: DnsSpec, kind: string, name: string) => ({
  cluster: nameOfPlace(dnsPlace),
  apiVersion: '',
  kind,
  namespace: provider,
  name,
  resourceVersion: null,
  standing: null,
  note: null,
});

/** The zone, by finding it. Throws DNS_ZONE_NOT_FOUND where the spec does not let fedctl make it. */
export async function previewZone({ env }: Deps, { uuid }: RunContext, dns: DnsSpec): Promise<DnsPreview> {
  const provider = await dnsProvider(dns, env);
  const zone = await findZone(provider, dns, uuid);
  if (!zone && !dns.createZone) {
    const message = `zone ${dns.zone} does not exist at ${provider.label}, and dns.createZone is false`;
    throw failure('DNS_ZONE_NOT_FOUND', message, { zone: dns.zone, provider: dns.provider });
  }
  const about = { ...atProvider(dns, 'Zone', dns.zone), steps: ['dns/zone'], fields: [], wanted: null };
  return {
    object: { ...about, action: zone ? 'keep' : 'create', uid: zone?.id ?? null },
    facts: zone ? { ...factsOf(zone) } : { zoneId: toBeMade, nameServers: [], controllerZone: '' },
  };
}

/** The record of the control plane, by reading what stands at its name. */
export async function previewRecord(
  { env, distributions }: Deps,
  run: RunContext,
  dns: DnsSpec,
  address: Facts = {},
): Promise<DnsPreview> {
  const kind = address['kind'] === 'hostname' ? 'hostname' : 'ip';
  const { uuid } = run;
  const host = distributionOf(run, distributions).names.apiserverRecord(dns.domain);
  const wanted = recordFor(host, { address: String(address['address'] ?? toBeMade), kind });
  const provider = await dnsProvider(dns, env);
  const zone = await findZone(provider, dns, uuid);
  const standing = zone ? await recordsAt(provider, zone, wanted.name) : [];
  const right = standing.length === 1 && standing.every((set) => sameRecord(set, wanted));
  const about = {
    ...atProvider(dns, 'Record', wanted.name),
    steps: ['dns/apiserver-record'],
    uid: null,
    standing: digestOf(standing),
    wanted: address['address'] === noAddress ? null : digestOf(wanted),
  };
  if (right) return { object: { ...about, action: 'keep', fields: [] }, facts: {} };
  const from = standing.map(({ type, values }) => `${type} ${values.join(', ')}`).join('; ');
  const fields = from ? [{ path: 'values', from, to: `${wanted.type} ${wanted.values.join(', ')}` }] : [];
  return { object: { ...about, action: from ? 'update' : 'create', fields }, facts: {} };
}
