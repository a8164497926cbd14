import { DNS } from '@google-cloud/dns';
import { assertEmpty, digestOf, fqdn, isSet, recordTtl, sameRecords } from './dns-names.ts';
import type { DnsProvider, DnsSpec, RecordSet, Zone } from './dns-port.ts';
import { authFailure, type GoogleAnswer, googleFailure } from './google-dns-errors.ts';
import { currentContext } from '../context.ts';
import { classify, failure } from '../fail.ts';

/** ms for one answer. */
const requestTimeoutMs = 30_000;
/** Label of a zone that fedctl made; its value is the uuid of the federation. */
const mark = 'fedctl-federation';
/** What fedctl does with a zone that stands (https://cloud.google.com/dns/docs/access-control). */
const permissions = [
  'dns.changes.create',
  'dns.changes.get',
  'dns.resourceRecordSets.create',
  'dns.resourceRecordSets.delete',
  'dns.resourceRecordSets.list',
];

/** managedZones resource of the v1 API (https://cloud.google.com/dns/docs/reference/rest/v1/managedZones). */
interface ApiZone {
  /** A number of 64 bits, as text. */
  id?: string;
  name: string;
  dnsName: string;
  visibility?: string;
  nameServers?: string[];
  labels?: Record<string, string>;
}
interface ApiSet {
  name: string;
  type: string;
  ttl?: number;
  rrdatas?: string[];
}
type Page<Key extends string, T> = { [K in Key]?: T[] } & { nextPageToken?: string };

/**
 * Name of a zone at Cloud DNS: at most 63 of a-z, 0-9 and `-`, starting with a letter. The same for the same zone of
 * the same federation; the digest keeps apart what cutting and replacing make alike.
 */
export function managedZoneName(federation: string, zone: string, visibility: string): string {
  const readable = fqdn(zone)
    .slice(0, -1)
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 39)
    .replace(/-$/, '');
  return `fedctl-${readable}-${digestOf(federation, fqdn(zone), visibility)}`;
}

/** A client of Cloud DNS. Credentials are read anew each time, so that they may be mended while a step is parked. */
export function googleDns(dns: DnsSpec, env: NodeJS.ProcessEnv): DnsProvider {
  const keyFilename = dns.credentialsFile ?? env['GOOGLE_APPLICATION_CREDENTIALS'];
  // The SDK's own requests always retry (its autoRetry gets lost on the way, @google-cloud/common 6): only its chain of
  // credentials is used, and the requests are made here.
  const { authClient } = new DNS(keyFilename ? { keyFilename } : {});
  const server = (dns.endpoint ?? 'https://dns.googleapis.com').replace(/\/+$/, '');
  const label = dns.endpoint ? `google-clouddns at ${server}` : 'google-clouddns';
  let project = dns.project;

  async function authorized(): Promise<{ project: string; headers: Headers }> {
    try {
      const headers = new Headers(await authClient.getRequestHeaders(server));
      project ??= await authClient.getProjectId();
      return { project, headers };
    } catch (error) {
      throw authFailure(error, { label, keyFilename });
    }
  }

  /** One request below the project, whatever its answer. */
  async function request(method: string, path: string, what: string, body?: object): Promise<GoogleAnswer> {
    const auth = await authorized();
    if (body) auth.headers.set('content-type', 'application/json');
    const signal = AbortSignal.any([currentContext().signal, AbortSignal.timeout(requestTimeoutMs)]);
    const url = `${server}/dns/v1/projects/${encodeURIComponent(auth.project)}${path}`;
    try {
      const response = await fetch(url, {
        method,
        headers: auth.headers,
        signal,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      throw classify(error, { server, what });
    }
  }

  async function json<T>(method: string, path: string, what: string, body?: object): Promise<T> {
    const answer = await request(method, path, what, body);
    if (answer.status >= 300) throw fail(answer, what);
    return (answer.text === '' ? undefined : JSON.parse(answer.text)) as T;
  }

  const fail = (answer: GoogleAnswer, what: string): Error =>
    googleFailure(answer, { label, server, what, zone: dns.zone, project: project ?? '' });

  async function pages<Key extends string, T>(key: Key, path: string, query: object, what: string): Promise<T[]> {
    const found: T[] = [];
    let pageToken: string | undefined;
    do {
      const text = new URLSearchParams({ ...query, ...(pageToken ? { pageToken } : {}) }).toString();
      const page: Page<Key, T> = await json('GET', `${path}?${text}`, what);
      found.push(...((page[key] as T[] | undefined) ?? []));
      pageToken = page.nextPageToken;
    } while (pageToken);
    return found;
  }

  const pathOf = ({ id }: Pick<Zone, 'id'>): string => `/managedZones/${encodeURIComponent(id)}`;

  async function find(name: string): Promise<Zone[]> {
    const wanted = fqdn(name);
    const all = await pages<'managedZones', ApiZone>(
      'managedZones',
      '/managedZones',
      { dnsName: wanted },
      `looking for zone ${wanted}`,
    );
    // The filter of the server is not relied on.
    return all.filter((zone) => fqdn(zone.dnsName) === wanted && visibilityOf(zone) === dns.visibility).map(toZone);
  }

  async function create(name: string, federation: string): Promise<Zone> {
    const wanted = fqdn(name);
    const id = managedZoneName(federation, wanted, dns.visibility);
    const body = {
      name: id,
      dnsName: wanted,
      description: `made by fedctl for federation ${federation}`,
      labels: { [mark]: federation },
      visibility: dns.visibility,
      ...(dns.visibility === 'private'
        ? { privateVisibilityConfig: { networks: [{ networkUrl: networkUrl() }] } }
        : {}),
    };
    const answer = await request('POST', '/managedZones', `creating zone ${wanted}`, body);
    // Made an instant before a crash: the derived name is ours alone, so what has it is what we made.
    if (answer.status === 409) return toZone(await json('GET', pathOf({ id }), `reading zone ${id}`));
    if (answer.status >= 300) throw fail(answer, `creating zone ${wanted}`);
    return toZone(JSON.parse(answer.text) as ApiZone);
  }

  const networkUrl = (): string => {
    const network = dns.network ?? '';
    if (/^https:\/\//.test(network)) return network;
    const path = network.startsWith('projects/') ? network : `projects/${project}/global/networks/${network}`;
    return `https://www.googleapis.com/compute/v1/${path}`;
  };

  const sets = (zone: Zone, only: object = {}): Promise<ApiSet[]> =>
    pages<'rrsets', ApiSet>('rrsets', `${pathOf(zone)}/rrsets`, only, `reading the records of ${zone.name}`);

  async function standing(zone: Zone, wanted: Pick<RecordSet, 'name' | 'type'>): Promise<ApiSet | undefined> {
    const found = await sets(zone, { name: fqdn(wanted.name), type: wanted.type });
    return found.find((set) => isSet(set, wanted));
  }

  /** One change: all of it or nothing. What is taken out must be named exactly as it stands. */
  const change = (
    zone: Zone,
    body: { additions?: ApiSet[]; deletions?: ApiSet[] },
  ): Promise<{ id: string; status: string }> =>
    json('POST', `${pathOf(zone)}/changes`, `a change in ${zone.name}`, body);

  return {
    label,
    check: async (zone) => {
      await json('GET', '/managedZones?maxResults=1', 'listing zones');
      if (zone) await checkRights(zone);
    },
    find,
    read: async (id) => {
      const answer = await request('GET', pathOf({ id }), `reading zone ${id}`);
      if (answer.status === 404) return undefined;
      if (answer.status >= 300) throw fail(answer, `reading zone ${id}`);
      return toZone(JSON.parse(answer.text) as ApiZone);
    },
    create,
    records: async (zone) => (await sets(zone)).map(toRecords),
    ensureRecord: async (zone, record) => {
      const wanted: ApiSet = {
        name: fqdn(record.name),
        type: record.type,
        ttl: record.ttl || recordTtl,
        rrdatas: record.values,
      };
      const before = await standing(zone, record);
      if (before && sameRecords(toRecords(before), toRecords(wanted))) return undefined;
      const { id, status } = await change(zone, { additions: [wanted], ...(before ? { deletions: [before] } : {}) });
      return status === 'done' ? undefined : id;
    },
    removeRecord: async (zone, record) => {
      const before = await standing(zone, record);
      if (!before) return undefined;
      const { id, status } = await change(zone, { deletions: [before] });
      return status === 'done' ? undefined : id;
    },
    changeDone: async (zone, id) => {
      const path = `${pathOf(zone)}/changes/${encodeURIComponent(id)}`;
      return (await json<{ status: string }>('GET', path, `asking for change ${id}`)).status === 'done';
    },
    remove: async (zone) => {
      const before = await request('GET', pathOf(zone), `reading zone ${zone.name}`);
      if (before.status === 404) return;
      if (before.status >= 300) throw fail(before, `reading zone ${zone.name}`);
      assertEmpty(zone, (await sets(zone)).map(toRecords));
      const answer = await request('DELETE', pathOf(zone), `removing zone ${zone.name}`);
      if (answer.status >= 300 && answer.status !== 404) throw fail(answer, `removing zone ${zone.name}`);
    },
  };

  async function checkRights(zone: Zone): Promise<void> {
    const what = `asking for rights on ${zone.name}`;
    const answer = await request('POST', `${pathOf(zone)}:testIamPermissions`, what, { permissions });
    // An endpoint that does not know the question says nothing about rights.
    if (answer.status === 404 || answer.status === 501) return;
    if (answer.status >= 300) throw fail(answer, what);
    const granted = (JSON.parse(answer.text) as { permissions?: string[] }).permissions ?? [];
    const missing = permissions.filter((permission) => !granted.includes(permission));
    if (missing.length === 0) return;
    const message = `${label}: the credentials lack ${missing.join(', ')} on zone ${zone.id}`;
    throw failure('DNS_FORBIDDEN', message, { provider: 'google-clouddns', server, zone: zone.name });
  }
}

const visibilityOf = (zone: ApiZone): string => (zone.visibility ?? 'public').toLowerCase();

const toZone = (zone: ApiZone): Zone => ({
  id: zone.name,
  // federation-controller-manager goes by the number (federation/pkg/dnsprovider/providers/google/clouddns/zone.go).
  controllerId: zone.id,
  name: fqdn(zone.dnsName),
  nameServers: (zone.nameServers ?? []).map(fqdn).sort(),
  federation: zone.labels?.[mark],
});

const toRecords = (set: ApiSet): RecordSet => ({
  name: fqdn(set.name),
  type: set.type,
  ttl: set.ttl ?? 0,
  values: set.rrdatas ?? [],
});
