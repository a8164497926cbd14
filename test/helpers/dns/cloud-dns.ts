import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface ManagedZone {
  kind: string;
  id: string;
  name: string;
  dnsName: string;
  description?: string;
  labels?: Record<string, string>;
  visibility: string;
  nameServers: string[];
  privateVisibilityConfig?: { networks?: { networkUrl?: string }[] };
}
interface Rrset {
  name: string;
  type: string;
  ttl: number;
  rrdatas: string[];
}
interface Change {
  id: string;
  status: 'pending' | 'done';
  additions?: Rrset[];
  deletions?: Rrset[];
}
interface Stored {
  zone: ManagedZone;
  rrsets: Rrset[];
  changes: Change[];
}

/**
 * Cloud DNS v1 on loopback, after its public REST description (https://cloud.google.com/dns/docs/reference/rest/v1):
 * managedZones, rrsets, changes that are pending for a while, pagination, and errors as Google writes them. With an
 * OAuth token server, which the key file names.
 */
export interface CloudDns {
  url: string;
  project: string;
  /** Key file whose bearer may do everything. */
  keyFile: string;
  zones: Map<string, Stored>;
  /** Names that need to be verified, and names for which no set of name servers is left. */
  unverified: Set<string>;
  exhausted: Set<string>;
  /** What testIamPermissions grants. */
  permissions: { granted: 'all' | string[] };
  /** The same for the whole project; undefined: its Resource Manager API is off. */
  inProject: { granted: 'all' | string[] } | undefined;
  /** Looks at a change until it is done. */
  looksUntilDone: number;
  /** Names of zones that lists do not show yet, as right after they were made. */
  unlisted: Set<string>;
  /** Most items of one page, whatever is asked for. */
  pageSize: number;
  stop(): Promise<void>;
}

class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

const nameGrammar = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const labelGrammar = /^[a-z0-9_-]{0,63}$/;

function makeZone(server: CloudDns, body: Partial<ManagedZone>): ManagedZone {
  const { name = '', dnsName = '', visibility = 'public', labels = {} } = body;
  const invalid = (field: string, value: string): ApiError =>
    new ApiError(400, 'invalid', `Invalid value for 'entity.managedZone.${field}': '${value}'`);
  if (!nameGrammar.test(name)) throw invalid('name', name);
  if (!dnsName.endsWith('.') || dnsName !== dnsName.toLowerCase()) throw invalid('dnsName', dnsName);
  for (const [key, value] of Object.entries(labels))
    if (!labelGrammar.test(key) || !labelGrammar.test(value)) throw invalid('labels', `${key}=${value}`);
  if (!body.description) throw new ApiError(400, 'required', "Required field 'entity.managedZone.description'");
  if (server.zones.has(name)) {
    throw new ApiError(409, 'alreadyExists', `The resource 'entity.managedZone' named '${name}' already exists`);
  }
  if (server.unverified.has(dnsName)) {
    const text = `Please verify ownership of the '${dnsName}' domain (or a parent) at http://www.google.com/webmasters/verification/ and try again`;
    throw new ApiError(400, 'verifyManagedZoneDnsNameOwnership', text);
  }
  if (server.exhausted.has(dnsName)) {
    const text = `The resource named 'entity.managedZone' with DNS name '${dnsName}' is not available.`;
    throw new ApiError(400, 'managedZoneDnsNameNotAvailable', text);
  }
  if (visibility === 'private' && !body.privateVisibilityConfig?.networks?.[0]?.networkUrl?.includes('/networks/'))
    throw new ApiError(400, 'invalid', "Invalid value for 'entity.managedZone.privateVisibilityConfig.networks'");
  const set = server.zones.size % 5;
  const nameServers = [1, 2, 3, 4].map((n) => `ns-cloud-${'abcde'[set]}${n}.googledomains.com.`);
  const zone = {
    ...body,
    kind: 'dns#managedZone',
    id: String(server.zones.size + 1),
    name,
    dnsName,
    visibility,
    nameServers,
  };
  const rrsets = [
    { name: dnsName, type: 'NS', ttl: 21600, rrdatas: nameServers },
    {
      name: dnsName,
      type: 'SOA',
      ttl: 21600,
      rrdatas: [`${nameServers[0]} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300`],
    },
  ];
  server.zones.set(name, { zone, rrsets, changes: [] });
  return zone;
}

const same = (a: Rrset, b: Rrset): boolean => a.name === b.name && a.type === b.type;

/** All of it or nothing; what is deleted must be named exactly as it stands. */
function applyChange(server: CloudDns, stored: Stored, { additions = [], deletions = [] }: Partial<Change>): Change {
  let left = [...stored.rrsets];
  deletions.forEach((set, at) => {
    const found = left.find((one) => same(one, set));
    if (!found)
      throw new ApiError(
        404,
        'notFound',
        `The 'entity.change.deletions[${at}]' resource named '${set.name} (${set.type})' does not exist.`,
      );
    if (found.ttl !== set.ttl || found.rrdatas.join() !== set.rrdatas.join())
      throw new ApiError(412, 'conditionNotMet', `Precondition not met for 'entity.change.deletions[${at}]'`);
    left = left.filter((one) => one !== found);
  });
  additions.forEach((set, at) => {
    if (left.some((one) => same(one, set)))
      throw new ApiError(
        409,
        'alreadyExists',
        `The resource 'entity.change.additions[${at}]' named '${set.name} (${set.type})' already exists`,
      );
    const cname = left.find((one) => one.name === set.name && (one.type === 'CNAME') !== (set.type === 'CNAME'));
    if (cname)
      throw new ApiError(
        400,
        'cnameResourceRecordSetConflict',
        `The resource record set '${set.name}' is invalid because a CNAME stands there`,
      );
    left.push(set);
  });
  stored.rrsets = left;
  const change: Change = {
    id: String(stored.changes.length + 1),
    status: server.looksUntilDone > 0 ? 'pending' : 'done',
    additions,
    deletions,
  };
  stored.changes.push(change);
  return change;
}

function page<T>(server: CloudDns, key: string, items: T[], query: URLSearchParams): object {
  const from = Number(query.get('pageToken') ?? 0);
  const size = Math.min(Number(query.get('maxResults') ?? server.pageSize), server.pageSize);
  const more = from + size < items.length ? { nextPageToken: String(from + size) } : {};
  return { [key]: items.slice(from, from + size), ...more };
}

const grantedOf = (body: object, { granted }: CloudDns['permissions']): object => {
  const { permissions = [] } = body as { permissions?: string[] };
  return { permissions: permissions.filter((one) => granted === 'all' || granted.includes(one)) };
};

/** Answers one request below `projects/<project>`. */
function answer(
  server: CloudDns,
  method: string,
  path: string[],
  query: URLSearchParams,
  body: object,
): object | undefined {
  const [, given = '', below, id, ...rest] = path;
  if (given === `${server.project}:testIamPermissions`) {
    if (server.inProject) return grantedOf(body, server.inProject);
    throw new ApiError(403, 'accessNotConfigured', 'Cloud Resource Manager API has not been used in project 1 before');
  }
  if (given !== server.project) throw new ApiError(404, 'notFound', `Failed to find project ${given}`);
  if (below !== 'managedZones') throw new ApiError(404, 'notFound', 'Not Found');
  if (!id) {
    if (method === 'POST') return makeZone(server, body);
    const wanted = query.get('dnsName');
    const zones = [...server.zones.values()].map(({ zone }) => zone);
    return page(
      server,
      'managedZones',
      zones.filter(({ name, dnsName }) => !server.unlisted.has(name) && (!wanted || dnsName === wanted)),
      query,
    );
  }
  const [name = '', action] = id.split(':');
  const stored = server.zones.get(name);
  if (!stored)
    throw new ApiError(404, 'notFound', `The 'parameters.managedZone' resource named '${name}' does not exist.`);
  if (action === 'testIamPermissions') {
    return grantedOf(body, server.permissions);
  }
  return rest.length > 0 ? inZone(server, stored, method, rest, query, body) : whole(server, stored, method);
}

function whole(server: CloudDns, stored: Stored, method: string): object | undefined {
  if (method === 'GET') return stored.zone;
  if (stored.rrsets.some(({ type }) => type !== 'NS' && type !== 'SOA'))
    throw new ApiError(
      400,
      'containerNotEmpty',
      `The resource named '${stored.zone.name}' cannot be deleted because it contains one or more 'resource records'.`,
    );
  server.zones.delete(stored.zone.name);
  return undefined;
}

// eslint-disable-next-line max-params -- a route's whole request
function inZone(
  server: CloudDns,
  stored: Stored,
  method: string,
  [kind, id]: string[],
  query: URLSearchParams,
  body: object,
): object {
  if (kind === 'rrsets') {
    const [name, type] = [query.get('name'), query.get('type')];
    const found = stored.rrsets.filter((set) => (!name || set.name === name) && (!type || set.type === type));
    return page(server, 'rrsets', found, query);
  }
  if (method === 'POST') return applyChange(server, stored, body);
  const change = stored.changes.find((one) => one.id === id);
  if (!change) throw new ApiError(404, 'notFound', `The 'parameters.changeId' resource named '${id}' does not exist.`);
  const shown = { ...change };
  server.looksUntilDone = Math.max(0, server.looksUntilDone - 1);
  if (server.looksUntilDone === 0) change.status = 'done';
  return shown;
}

const token = 'token-of-a-test';

async function handle(server: CloudDns, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const url = new URL(request.url ?? '/', server.url);
  const reply = (status: number, body?: object): void => {
    const json = body ? JSON.stringify(body) : '';
    response.writeHead(status, { 'content-type': 'application/json' }).end(json);
  };
  const refuse = ({ status, reason, message }: ApiError): void =>
    reply(status, { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } });
  if (url.pathname === '/token')
    return reply(200, {
      access_token: token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    });
  if (url.pathname === '/refused/token')
    return reply(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' });
  if (request.headers.authorization !== `Bearer ${token}`) {
    return refuse(new ApiError(401, 'authError', 'Request had invalid authentication credentials.'));
  }
  try {
    const path = url.pathname
      .replace(/^(\/dns)?\/v1\//, '')
      .split('/')
      .map(decodeURIComponent);
    const body = answer(
      server,
      request.method ?? 'GET',
      path,
      url.searchParams,
      text ? (JSON.parse(text) as object) : {},
    );
    return body ? reply(200, body) : reply(204);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return refuse(error);
  }
}

/**
 * Writes a credentials file of workload identity federation: of all kinds of key files it is the one whose token server
 * the auth library takes from the file (it asks Google itself for service accounts, whatever token_uri says).
 */
export async function writeKeyFile(path: string, tokenUrl: string): Promise<void> {
  const subject = `${path}.subject`;
  await writeFile(subject, 'subject-of-a-test', { mode: 0o600 });
  const key = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/test/providers/test',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: tokenUrl,
    credential_source: { file: subject },
  };
  await writeFile(path, JSON.stringify(key), { mode: 0o600 });
}

export async function startCloudDns(): Promise<CloudDns> {
  const folder = await mkdtemp(join(tmpdir(), 'fedctl-cloud-dns-'));
  const server: CloudDns = {
    url: '',
    project: 'my-project',
    keyFile: join(folder, 'key.json'),
    zones: new Map(),
    unverified: new Set(),
    exhausted: new Set(),
    permissions: { granted: 'all' },
    inProject: { granted: 'all' },
    looksUntilDone: 0,
    unlisted: new Set(),
    pageSize: 100,
    stop: async () => {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
  const listener = http.createServer((request, response) => void handle(server, request, response));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  server.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  await writeKeyFile(server.keyFile, `${server.url}/token`);
  return server;
}
