import { CancelledFailure } from '@temporalio/common';
import { codeOf } from '../../src/errors/step-error.ts';
import type { StepFacts } from '../../src/catalogue/facts.ts';
import { dnsPlace } from '../../src/kubernetes/place.ts';
import { fqdn } from '../clients/dns/names.ts';
import type { DnsProvider, DnsSpec, Zone } from '../clients/dns/port.ts';
import { googleDns } from '../clients/dns/google.ts';
import { powerDns } from '../clients/dns/powerdns.ts';
import { route53 } from '../clients/dns/route53.ts';
import { failure } from '../kit/fail.ts';
import { readRecord } from '../core/record.ts';
import type { LedgerEntry } from '../core/ledger.ts';
import type { StepScope } from '../core/step.ts';

/**
 * The provider that a spec names. `timeoutMs`: what one request may take, 30 s unless given. Throws
 * DNS_CREDENTIALS_MISSING and DNS_ENDPOINT_MISSING.
 */
export async function dnsProvider(dns: DnsSpec, env: NodeJS.ProcessEnv, timeoutMs?: number): Promise<DnsProvider> {
  return renewing(async () => {
    if (dns.provider === 'aws-route53') return route53(dns, timeoutMs);
    if (dns.provider === 'google-clouddns') return googleDns(dns, env, timeoutMs);
    return powerDns(dns, env, timeoutMs);
  });
}

/** Reads the credentials anew, once a call, when they are refused: tokens run out and keys are rotated. */
async function renewing(make: () => Promise<DnsProvider>): Promise<DnsProvider> {
  let provider = await make();
  async function ask<T>(call: (one: DnsProvider) => Promise<T>): Promise<T> {
    try {
      return await call(provider);
    } catch (error) {
      if (codeOf(error) !== 'DNS_CREDENTIALS') throw error;
      provider = await make();
      return call(provider);
    }
  }
  return {
    label: provider.label,
    check: (zone) => ask((one) => one.check(zone)),
    find: (name) => ask((one) => one.find(name)),
    read: (id) => ask((one) => one.read(id)),
    create: (name, federation, making) => ask((one) => one.create(name, federation, making)),
    records: (zone) => ask((one) => one.records(zone)),
    ensureRecord: (zone, record) => ask((one) => one.ensureRecord(zone, record)),
    removeRecord: (zone, record) => ask((one) => one.removeRecord(zone, record)),
    changeDone: (zone, change) => ask((one) => one.changeDone(zone, change)),
    remove: (zone) => ask((one) => one.remove(zone)),
  };
}

/** `spec.dns` of a step that runs only with it. */
export const required = (dns: DnsSpec | undefined): DnsSpec => {
  if (!dns) throw failure('BUG', 'a DNS step was called without dns in its spec');
  return dns;
};

/** What dns/zone tells the steps after it; of a zone that is not there, nothing. */
export const factsOf = (zone: Zone | undefined): StepFacts['dns/zone'] => ({
  zoneId: zone?.id ?? '',
  nameServers: zone?.nameServers ?? [],
  controllerZone: zone?.controllerId ?? zone?.id ?? '',
});

const bareId = (id: string): string => id.replace(/^\/hostedzone\//, '');

/**
 * The one zone of the spec's name, by id where several match; of several, the one that this federation made.
 * undefined: there is none. Throws DNS_ZONE_AMBIGUOUS listing them, NOT_FOUND when dns.zoneId is of no zone of the name.
 */
export async function findZone(provider: DnsProvider, dns: DnsSpec, uuid?: string): Promise<Zone | undefined> {
  const all = await provider.find(dns.zone);
  const { zoneId } = dns;
  const matching = zoneId ? all.filter((zone) => [zone.id, zone.controllerId].includes(bareId(zoneId))) : all;
  const list = all.map((zone) => `${zone.id} (${zone.nameServers.join(', ') || 'no name servers'})`).join('; ');
  if (zoneId && matching.length === 0) {
    const others = all.length > 0 ? `zones of this name: ${list}` : 'there is no zone of this name';
    throw failure(
      'DNS_ZONE_NOT_FOUND',
      `zone ${dns.zone} with dns.zoneId ${zoneId} is not at ${provider.label}; ${others}`,
      {
        zone: dns.zone,
        provider: dns.provider,
      },
    );
  }
  const ours = uuid ? matching.filter((zone) => zone.federation === uuid) : [];
  if (ours.length === 1) return ours[0];
  if (matching.length > 1) {
    const message = `${matching.length} zones at ${provider.label} are called ${dns.zone}: ${list}`;
    throw failure('DNS_ZONE_AMBIGUOUS', message, { zone: dns.zone, provider: dns.provider });
  }
  return matching[0];
}

/**
 * The zone that an undo is about: by the id that the ledger or the spec has, else ours of those of the name, else any.
 * Nothing of it is an error, for what an undo does not find is gone.
 */
export async function zoneToUndo(
  provider: DnsProvider,
  { zone, zoneId }: Pick<DnsSpec, 'zone' | 'zoneId'>,
  uuid: string,
  id = '',
): Promise<Zone | undefined> {
  const known = id || (zoneId && bareId(zoneId));
  const standing = known ? await provider.read(known) : undefined;
  if (standing) return standing;
  const named = await provider.find(zone);
  return named.find(({ federation }) => federation === uuid) ?? named[0];
}

/** Ledger entry of a thing at the DNS provider. */
export const dnsEntry = (scope: StepScope, dns: DnsSpec, kind: 'Zone' | 'Record', name: string): LedgerEntry => ({
  kind,
  namespace: dns.provider,
  name: name.replace(/\.$/, ''),
  place: dnsPlace,
  uid: '',
  step: scope.step,
  firstRunId: scope.run.firstRunId,
  origin: 'created',
});

export const isSameEntry = (a: LedgerEntry, b: LedgerEntry): boolean =>
  a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;

/**
 * `spec.dns` for the zone of an entry, which the spec may have named otherwise then. Of another provider the spec has
 * neither credentials nor endpoint: those of the worker have to do.
 */
export function specOfEntry(entry: LedgerEntry, dns: DnsSpec): DnsSpec {
  const zone = `${entry.name}.`;
  const { endpoint, credentialsFile, profile, project, zoneId, ...common } = dns;
  const own = entry.namespace === dns.provider;
  const access = own ? { endpoint, credentialsFile, profile, project } : {};
  const same = own && fqdn(dns.zone) === fqdn(zone);
  return { ...common, ...access, ...(same ? { zoneId } : {}), provider: entry.namespace as DnsSpec['provider'], zone };
}

/** uuid of the federation that stands, before a run is told it: of several zones of a name, its own is the one. */
export async function knownUuid({ host, run }: StepScope): Promise<string> {
  try {
    const record = await readRecord(host, run.host.namespace);
    return record?.federation === run.federation ? record.uuid : run.uuid;
  } catch (error) {
    // Whether the host can be reached is said by its own check.
    if (error instanceof CancelledFailure) throw error;
    return run.uuid;
  }
}
