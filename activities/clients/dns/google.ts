import { DNS } from '@google-cloud/dns';
import { deadline, requestTimeoutMs } from '../../kit/deadline.ts';
import { assertEmpty, digestOf, fqdn, isSet, recordTtl, sameRecords } from './names.ts';
import type { DnsProvider, DnsSpec, RecordSet, Zone } from './port.ts';
import { authFailure, type GoogleAnswer, googleFailure } from './google-errors.ts';
import { classify, failure } from '../../kit/fail.ts';

/** The endpoint where the spec names none: gcloud's own variable. */
const endpointVariable = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS';
/** Label of a zone that fedctl made; its value is the uuid of the federation. */
const mark = 'fedctl-federation';
/** What fedctl does with a zone that stands (https://cloud.google.com/dns/docs/access-control), */
const permissions = [
  'dns.changes.create',
  'dns.changes.get',
  'dns.resourceRecordSets.create',
  'dns.resourceRecordSets.delete',
  'dns.resourceRecordSets.list',
];
/** and with one that it makes. */
const makingPermissions = [
  ...permissions,
  'dns.managedZones.create',
  'dns.managedZones.delete',
  'dns.managedZones.get',
];
/** Where a project is asked for rights in it (https://cloud.google.com/resource-manager/reference/rest/v1/projects). */
const resourceManager = 'https://cloudresourcemanager.googleapis.com';

/** managedZones resource of the v1 API (https://cloud.google.com/dns/docs/reference/rest/v1/managedZones). */
interface ApiZone {
  /** A number of 64 bits, as text. */
  id?: string;
  name: string;
  dnsName: string;
  visibility?: string;
  privateVisibilityConfig?: { networks?: { networkUrl?: string }[] };
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

/** A client of Cloud DNS. Credentials are read anew each time, so that they may be fixed while a step is parked. */
export function googleDns(dns: DnsSpec, env: NodeJS.ProcessEnv, timeoutMs = requestTimeoutMs): DnsProvider {
  const keyFilename = dns.credentialsFile ?? env['GOOGLE_APPLICATION_CREDENTIALS'];
  // The SDK's own requests always retry (its autoRetry gets lost on the way, @google-cloud/common 6): only its chain of
  // credentials is used, and the requests are made here.
  const { authClient } = new DNS(keyFilename ? { keyFilename } : {});
  const other = dns.endpoint ?? env[endpointVariable];
  const server = (other ?? 'https://dns.googleapis.com').replace(/\/+$/, '');
  const label = other ? `google-clouddns at ${server}` : 'google-clouddns';
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

  /** One request to Cloud DNS below the project, whatever its answer. */
  const request = (method: string, path: string, what: string, body?: object): Promise<GoogleAnswer> =>
    send(`${server}/dns/v1`, path, what, { method, ...(body ? { body: JSON.stringify(body) } : {}) });

  /** One request below the project at an API. */
  async function send(
    api: string,
    path: string,
    what: string,
    given: { method: string; body?: string },
  ): Promise<GoogleAnswer> {
    const auth = await authorized();
    if (given.body) auth.headers.set('content-type', 'application/json');
    const { signal } = deadline(timeoutMs);
    const url = `${api}/projects/${encodeURIComponent(auth.project)}${path}`;
    try {
      const response = await fetch(url, { ...given, headers: auth.headers, signal });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      throw classify(error, { server: new URL(api).origin, what, timeoutMs });
    }
  }

  async function json<T>(method: string, path: string, what: string, body?: object): Promise<T> {
    const answer = await request(method, path, what, body);
    if (answer.status >= 300) throw fail(answer, what);
    return (answer.text === '' ? undefined : parse(answer, what)) as T;
  }

  function parse(answer: GoogleAnswer, what: string): unknown {
    try {
      return JSON.parse(answer.text);
    } catch {
      const start = answer.text.slice(0, 120).replaceAll(/\s+/g, ' ');
      throw failure('SERVER_ERROR', `${label} answered ${what} without JSON: ${start}`, { server });
    }
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
    const found = all.filter((zone) => fqdn(zone.dnsName) === wanted && visibilityOf(zone) === dns.visibility);
    return found.map(toZone).filter(isOfNetwork);
  }

  /** A private zone of another network is another zone: what it answers, nobody sees who should. */
  const isOfNetwork = ({ networks = [] }: Zone): boolean =>
    dns.visibility !== 'private' || networks.includes(networkPath(networkUrl()));

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
    return toZone(parse(answer, `creating zone ${wanted}`) as ApiZone);
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
      return zone ? checkRights(zone) : checkMaking();
    },
    find,
    read: async (id) => {
      const answer = await request('GET', pathOf({ id }), `reading zone ${id}`);
      if (answer.status === 404) return undefined;
      if (answer.status >= 300) throw fail(answer, `reading zone ${id}`);
      return toZone(parse(answer, `reading zone ${id}`) as ApiZone);
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
      if (before.status === 404) return undefined;
      if (before.status >= 300) throw fail(before, `reading zone ${zone.name}`);
      assertEmpty(zone, (await sets(zone)).map(toRecords));
      const answer = await request('DELETE', pathOf(zone), `removing zone ${zone.name}`);
      if (answer.status >= 300 && answer.status !== 404) throw fail(answer, `removing zone ${zone.name}`);
      // Cloud DNS tells of no change here: with the zone its changes are gone.
      return undefined;
    },
  };

  /** Throws DNS_FORBIDDEN for rights that are missing; answers '' when none is, undefined when nobody says. */
  function missingRights(answer: GoogleAnswer, wanted: readonly string[], where: string): string | undefined {
    // An endpoint that does not know the question, or a project where its API is off, says nothing about rights.
    if ([400, 403, 404, 501].includes(answer.status)) return undefined;
    if (answer.status >= 300) throw fail(answer, `asking for rights ${where}`);
    const granted = (parse(answer, `asking for rights ${where}`) as { permissions?: string[] }).permissions ?? [];
    const missing = wanted.filter((permission) => !granted.includes(permission));
    if (missing.length === 0) return '';
    const message = `${label}: the credentials lack ${missing.join(', ')} ${where}`;
    throw failure('DNS_FORBIDDEN', message, { provider: 'google-clouddns', server, zone: dns.zone });
  }

  async function checkRights(zone: Zone): Promise<string> {
    const where = `on zone ${zone.id}`;
    const path = `${pathOf(zone)}:testIamPermissions`;
    const answer = await request('POST', path, `asking for rights ${where}`, { permissions });
    return missingRights(answer, permissions, where) ?? 'the permission to change its records could not be checked';
  }

  /** Rights to make a zone are of the project, which another API knows. */
  async function checkMaking(): Promise<string> {
    const where = `in project ${project}`;
    const body = JSON.stringify({ permissions: makingPermissions });
    const api = `${other ? server : resourceManager}/v1`;
    const answer = await send(api, ':testIamPermissions', `asking for rights ${where}`, { method: 'POST', body });
    return missingRights(answer, makingPermissions, where) ?? 'the permission to create it could not be checked';
  }
}

/** `projects/p/global/networks/n`, whatever host and version of Compute Engine's API an URL names. */
const networkPath = (url: string): string => url.replace(/^https:\/\/[^/]+\/compute\/[^/]+\//, '');

const visibilityOf = (zone: ApiZone): string => (zone.visibility ?? 'public').toLowerCase();

const toZone = (zone: ApiZone): Zone => ({
  id: zone.name,
  // The controller manager of a federation goes by the number (federation/pkg/dnsprovider/providers/google/clouddns/zone.go).
  controllerId: zone.id,
  name: fqdn(zone.dnsName),
  nameServers: (zone.nameServers ?? []).map(fqdn).sort(),
  networks: (zone.privateVisibilityConfig?.networks ?? []).map(({ networkUrl = '' }) => networkPath(networkUrl)),
  federation: zone.labels?.[mark],
});

const toRecords = (set: ApiSet): RecordSet => ({
  name: fqdn(set.name),
  type: set.type,
  ttl: set.ttl ?? 0,
  values: set.rrdatas ?? [],
});
