import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  DeleteHostedZoneCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  type HostedZone,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
  type Route53ClientConfig,
  type RRType,
} from '@aws-sdk/client-route-53';
import { codeOf } from '../../../src/errors/step-error.ts';
import { deadline, requestTimeoutMs } from '../../kit/deadline.ts';
import { assertEmpty, digestOf, fqdn, isSet, recordTtl, sameRecords } from './names.ts';
import type { DnsProvider, DnsSpec, RecordSet, Zone } from './port.ts';
import { route53Failure } from './route53-errors.ts';

/** ms for a connection. */
const connectionTimeoutMs = 5_000;
/** Most that the lists of the API give at a time. */
const zonesAPage = 100;
const recordsAPage = 300;

/** Before the uuid of the federation in a zone's CallerReference, which can never be changed: that makes it the mark. */
const mark = 'fedctl:';

/**
 * The same for the same making of a zone, whenever it is asked for: Route 53 then makes it once. It takes no reference a
 * second time, even after the zone is gone (at most 128 characters).
 */
const referenceOf = (federation: string, ...making: string[]): string => `${mark}${federation}:${digestOf(...making)}`;
const federationOf = (reference = ''): string | undefined =>
  reference.startsWith(mark) ? reference.slice(mark.length).split(':')[0] : undefined;

const bareId = (id = ''): string => id.replace(/^\/(hostedzone|change)\//, '');
/** Route 53 writes what is no letter, digit, `-` or `_` in names as an octal escape. */
const unescaped = (name: string): string =>
  name.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

/** Settings of the client; what the spec does not name comes from the SDK's own chain. */
function configOf(dns: DnsSpec): Route53ClientConfig {
  const { credentialsFile, endpoint, profile, region } = dns;
  const base: Route53ClientConfig & { filepath?: string } = {
    // Route 53 is global and signs for us-east-1 wherever it is asked from.
    region: region ?? 'us-east-1',
    // Temporal retries, by what the table says of the error.
    maxAttempts: 1,
    // For the answer there is a deadline: the handler's own timeout only warns.
    requestHandler: { connectionTimeout: connectionTimeoutMs },
    ...(endpoint ? { endpoint } : {}),
  };
  if (profile) base.profile = profile;
  if (credentialsFile) {
    // The chain looks at the environment first unless a profile is named; a file in the spec is meant to win.
    base.profile = profile ?? 'default';
    base.filepath = credentialsFile;
  }
  return base;
}

/** A client of Route 53. Credentials are read anew each time, so that they may be fixed while a step is parked. */
export function route53(dns: DnsSpec, timeoutMs = requestTimeoutMs): DnsProvider {
  const client = new Route53Client(configOf(dns));
  const label = dns.endpoint ? `aws-route53 at ${dns.endpoint}` : 'aws-route53';
  const wantsPrivate = dns.visibility === 'private';

  /** Runs one call; its errors are classified. */
  async function ask<T>(what: string, send: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    const { signal, cause } = deadline(timeoutMs);
    try {
      return await send({ abortSignal: signal });
    } catch (error) {
      throw route53Failure(cause(error), {
        label,
        server: dns.endpoint ?? 'route53.amazonaws.com',
        what,
        zone: dns.zone,
      });
    }
  }

  /** All zones of a name; the list starts at the name and is sorted by it. */
  async function named(name: string): Promise<HostedZone[]> {
    const wanted = fqdn(name);
    const found: HostedZone[] = [];
    let next: { DNSName?: string | undefined; HostedZoneId?: string | undefined } | undefined = { DNSName: wanted };
    while (next) {
      const command: ListHostedZonesByNameCommand = new ListHostedZonesByNameCommand({ ...next, MaxItems: zonesAPage });
      const page = await ask(`looking for zone ${wanted}`, (options) => client.send(command, options));
      const zones = page.HostedZones ?? [];
      found.push(...zones.filter((zone) => fqdn(unescaped(zone.Name ?? '')) === wanted));
      const last = zones.at(-1)?.Name;
      const more = page.IsTruncated && last !== undefined && fqdn(unescaped(last)) === wanted;
      next = more ? { DNSName: page.NextDNSName, HostedZoneId: bareId(page.NextHostedZoneId) } : undefined;
    }
    return found.filter((zone) => (zone.Config?.PrivateZone ?? false) === wantsPrivate);
  }

  /** undefined: gone between the list and now. */
  async function full(zone: HostedZone): Promise<Zone | undefined> {
    try {
      const command = new GetHostedZoneCommand({ Id: bareId(zone.Id) });
      const answer = await ask(`reading zone ${zone.Name}`, (options) => client.send(command, options));
      const networks = (answer.VPCs ?? []).flatMap(({ VPCId }) => VPCId ?? []);
      return { ...toZone(answer.HostedZone ?? zone, answer.DelegationSet?.NameServers), networks };
    } catch (error) {
      if (codeOf(error) === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** A private zone of another network is another zone: what it answers, nobody sees who should. */
  const isOfNetwork = ({ networks = [] }: Zone): boolean => !wantsPrivate || networks.includes(dns.network ?? '');

  const find = async (name: string): Promise<Zone[]> =>
    (await Promise.all((await named(name)).map(full))).filter((zone) => zone !== undefined).filter(isOfNetwork);

  async function create(name: string, federation: string, making = ''): Promise<Zone> {
    const wanted = fqdn(name);
    const reference = referenceOf(federation, wanted, dns.visibility, making);
    const standing = (await named(wanted)).find((zone) => zone.CallerReference === reference);
    const zone = standing && (await full(standing));
    if (zone) return zone;
    const command = new CreateHostedZoneCommand({
      Name: wanted,
      CallerReference: reference,
      HostedZoneConfig: { Comment: `made by fedctl for federation ${federation}`, PrivateZone: wantsPrivate },
      ...(wantsPrivate ? { VPC: { VPCId: dns.network, VPCRegion: (dns.region ?? 'us-east-1') as 'us-east-1' } } : {}),
    });
    const made = await ask(`creating zone ${wanted}`, (options) => client.send(command, options));
    const change = bareId(made.ChangeInfo?.Id) || undefined;
    return {
      ...toZone(
        made.HostedZone ?? { Id: '', Name: wanted, CallerReference: reference },
        made.DelegationSet?.NameServers,
      ),
      change,
    };
  }

  /** Sets of a zone, from a name and type on; all of them unless only that one is wanted. */
  async function sets(zone: Zone, only?: Pick<RecordSet, 'name' | 'type'>): Promise<ResourceRecordSet[]> {
    const found: ResourceRecordSet[] = [];
    let next: object | undefined = only
      ? { StartRecordName: fqdn(only.name), StartRecordType: only.type as RRType, MaxItems: 1 }
      : { MaxItems: recordsAPage };
    while (next) {
      const command: ListResourceRecordSetsCommand = new ListResourceRecordSetsCommand({
        HostedZoneId: zone.id,
        ...next,
      });
      const page = await ask(`reading the records of ${zone.name}`, (options) => client.send(command, options));
      found.push(...(page.ResourceRecordSets ?? []));
      next = undefined;
      if (page.IsTruncated && !only) {
        next = {
          MaxItems: recordsAPage,
          StartRecordName: page.NextRecordName,
          StartRecordType: page.NextRecordType,
          ...(page.NextRecordIdentifier ? { StartRecordIdentifier: page.NextRecordIdentifier } : {}),
        };
      }
    }
    return only ? found.filter((set) => isSet(toRecords(set), only)) : found;
  }

  async function change(zone: Zone, action: 'UPSERT' | 'DELETE', set: ResourceRecordSet): Promise<string | undefined> {
    const command = new ChangeResourceRecordSetsCommand({
      HostedZoneId: zone.id,
      ChangeBatch: { Comment: 'fedctl', Changes: [{ Action: action, ResourceRecordSet: set }] },
    });
    const done = await ask(`a change in ${zone.name}`, (options) => client.send(command, options));
    return bareId(done.ChangeInfo?.Id) || undefined;
  }

  return {
    label,
    check: async (zone) => {
      const command = new ListHostedZonesByNameCommand({ MaxItems: 1 });
      await ask('listing zones', (options) => client.send(command, options));
      if (zone) await sets(zone, { name: zone.name, type: 'SOA' });
      // Route 53 knows no dry run.
      return zone
        ? 'the permission to change its records could not be checked'
        : 'the permission to create it could not be checked';
    },
    find,
    read: (id) => full({ Id: id, Name: dns.zone, CallerReference: '' }),
    create,
    records: async (zone) => (await sets(zone)).map(toRecords),
    ensureRecord: async (zone, record) => {
      const [standing] = await sets(zone, record);
      if (standing && sameRecords(toRecords(standing), record)) return undefined;
      return change(zone, 'UPSERT', fromRecords(record));
    },
    removeRecord: async (zone, record) => {
      const [standing] = await sets(zone, record);
      // A set is removed only by naming it exactly as it stands.
      return standing && change(zone, 'DELETE', standing);
    },
    changeDone: async (_zone, id) => {
      const answer = await ask(`asking for change ${id}`, (options) =>
        client.send(new GetChangeCommand({ Id: id }), options),
      );
      return answer.ChangeInfo?.Status === 'INSYNC';
    },
    remove: async (zone) => {
      try {
        assertEmpty(zone, (await sets(zone)).map(toRecords));
        const command = new DeleteHostedZoneCommand({ Id: zone.id });
        const gone = await ask(`removing zone ${zone.name}`, (options) => client.send(command, options));
        return bareId(gone.ChangeInfo?.Id) || undefined;
      } catch (error) {
        if (codeOf(error) !== 'NOT_FOUND') throw error;
        return undefined;
      }
    },
  };
}

const toZone = (zone: HostedZone, nameServers: readonly string[] = []): Zone => ({
  id: bareId(zone.Id),
  name: fqdn(unescaped(zone.Name ?? '')),
  nameServers: nameServers.map(fqdn).sort(),
  federation: federationOf(zone.CallerReference),
});

/** An alias set has no values of its own: it is shown as what it points at. */
const toRecords = (set: ResourceRecordSet): RecordSet => ({
  name: fqdn(unescaped(set.Name ?? '')),
  type: set.Type ?? '',
  ttl: set.TTL ?? 0,
  values: set.AliasTarget
    ? [`ALIAS ${set.AliasTarget.DNSName}`]
    : (set.ResourceRecords ?? []).map(({ Value = '' }) => Value),
});

const fromRecords = (record: RecordSet): ResourceRecordSet => ({
  Name: fqdn(record.name),
  Type: record.type as RRType,
  TTL: record.ttl || recordTtl,
  ResourceRecords: record.values.map((Value) => ({ Value })),
});
