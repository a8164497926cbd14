import { readFile } from 'node:fs/promises';
import type { ErrorCodeName } from '../../../src/errors/codes.ts';
import { classify, failure } from '../../kit/fail.ts';
import { deadline, requestTimeoutMs } from '../../kit/deadline.ts';
import { assertEmpty, fqdn, isSet, recordTtl, sameRecords } from './names.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';
import type { DnsProvider, DnsSpec, RecordSet, Zone } from './port.ts';

/** Zone as the REST API of PowerDNS 4 has it (https://doc.powerdns.com/authoritative/http-api/zone.html). */
interface ApiZone {
  id: string;
  name: string;
  account?: string;
  rrsets?: { name: string; type: string; ttl: number; records: { content: string; disabled: boolean }[] }[];
}

/** An answer with any status, read to its end. */
interface Answer {
  status: number;
  ok: boolean;
  retryAfter: string | null;
  text: string;
}

/** PowerDNS keeps 40 characters of account: a uuid fits, with a word that says whose it is. */
const accountOf = (federation: string): string => `f:${federation}`.slice(0, 40);

async function keyOf(dns: DnsSpec, env: NodeJS.ProcessEnv): Promise<string> {
  const file = dns.credentialsFile ?? env['PDNS_API_KEY_FILE'];
  if (!file)
    throw failure(
      'DNS_CREDENTIALS_MISSING',
      'dns.credentialsFile is not set, and neither is PDNS_API_KEY_FILE of the worker',
    );
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw failure('DNS_CREDENTIALS_MISSING', `cannot read the API key from ${file}: ${(error as Error).message}`);
  }
}

/** A client of one PowerDNS server; the key is read anew each time, so that it may be fixed while a step is parked. */
export async function powerDns(
  dns: DnsSpec,
  env: NodeJS.ProcessEnv,
  timeoutMs = requestTimeoutMs,
): Promise<DnsProvider> {
  const endpoint = dns.endpoint ?? env['PDNS_API_URL'];
  if (!endpoint)
    throw failure('DNS_ENDPOINT_MISSING', 'dns.endpoint is not set, and neither is PDNS_API_URL of the worker');
  const base = `${endpoint.replace(/\/+$/, '')}/api/v1/servers/${encodeURIComponent(dns.serverId)}`;
  const key = await keyOf(dns, env);
  const label = `powerdns at ${endpoint}`;

  /** One request, its answer read to its end. */
  async function request(method: string, path: string, body?: object): Promise<Answer> {
    const headers = { 'X-API-Key': key, ...(body ? { 'Content-Type': 'application/json' } : {}) };
    const { signal } = deadline(timeoutMs);
    const payload = body ? { body: JSON.stringify(body) } : {};
    try {
      // A redirect would carry the key to whatever host it names.
      const response = await fetch(`${base}${path}`, { method, headers, signal, redirect: 'manual', ...payload });
      const { status, ok } = response;
      return { status, ok, retryAfter: response.headers.get('retry-after'), text: await response.text() };
    } catch (error) {
      throw classify(error, { server: endpoint as string, what: `${method} ${path}`, timeoutMs });
    }
  }

  function refusal(answer: Answer, what: string): Error {
    const { status, text } = answer;
    const data = { provider: 'powerdns', server: endpoint, status, zone: dns.zone };
    const message = `${label} answered ${status} to ${what}: ${text.slice(0, 500)}`;
    return failure(codeOf(status), message, data, { retryAfterMs: retryAfterMs(answer.retryAfter) });
  }

  async function json<T>(method: string, path: string, what: string, body?: object): Promise<T> {
    const answer = await request(method, path, body);
    if (!answer.ok) throw refusal(answer, what);
    return parse<T>(answer, what);
  }

  function parse<T>({ status, text }: Answer, what: string): T {
    if (status === 204) return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw failure('SERVER_ERROR', `${label} answered ${what} without JSON: ${text.slice(0, 200)}`);
    }
  }

  const full = (id: string): Promise<ApiZone> => json('GET', `/zones/${encodeURIComponent(id)}`, `reading zone ${id}`);
  const patch = (zone: Zone, change: object): Promise<void> =>
    json('PATCH', `/zones/${encodeURIComponent(zone.id)}`, `a change in ${zone.name}`, { rrsets: [change] });

  const records = async (zone: Zone): Promise<RecordSet[]> =>
    ((await full(zone.id)).rrsets ?? []).map((set) => ({
      name: set.name,
      type: set.type,
      ttl: set.ttl,
      values: set.records.map((record) => record.content),
    }));

  return {
    label,
    check: async () => {
      await json('GET', '', 'reading the server');
      // Whoever has the key may do everything.
      return '';
    },
    find: async (name) => {
      const found = await json<ApiZone[]>(
        'GET',
        `/zones?zone=${encodeURIComponent(fqdn(name))}`,
        `looking for zone ${name}`,
      );
      return Promise.all(found.map(async (zone) => toZone(await full(zone.id))));
    },
    read: async (id) => {
      const answer = await request('GET', `/zones/${encodeURIComponent(id)}`);
      // 422: what is no zone's id at all.
      if (answer.status === 404 || answer.status === 422) return undefined;
      if (!answer.ok) throw refusal(answer, `reading zone ${id}`);
      return toZone(parse<ApiZone>(answer, `reading zone ${id}`));
    },
    create: async (name, federation) => {
      const zone = fqdn(name);
      const [primary = `ns1.${zone}`, ...others] = dns.nameServers.map(fqdn);
      const nameservers = [primary, ...others];
      const account = accountOf(federation);
      const rrsets = [authority(zone, primary)];
      const body = { name: zone, kind: 'Native', nameservers, account, rrsets, soa_edit_api: 'DEFAULT' };
      const answer = await request('POST', '/zones', body);
      // Made an instant before a crash, or by a rival: what stands is read and judged by the caller.
      if (answer.status === 409) return toZone(await full(zone));
      if (!answer.ok) throw refusal(answer, `creating zone ${zone}`);
      return toZone(parse<ApiZone>(answer, `creating zone ${zone}`));
    },
    records,
    ensureRecord: async (zone, record) => {
      const wanted = { ...record, ttl: record.ttl || recordTtl };
      const standing = (await records(zone)).find((set) => isSet(set, wanted));
      if (!standing || !sameRecords(standing, wanted)) await patch(zone, replacement(wanted));
      return undefined;
    },
    removeRecord: async (zone, record) => {
      await patch(zone, { name: fqdn(record.name), type: record.type, changetype: 'DELETE' });
      return undefined;
    },
    // PowerDNS answers from its database: what was accepted is served.
    changeDone: async () => true,
    remove: async (zone) => {
      // PowerDNS itself would remove the zone with everything in it.
      const standing = await json<ApiZone[]>(
        'GET',
        `/zones?zone=${encodeURIComponent(zone.name)}`,
        `looking for ${zone.name}`,
      );
      if (standing.length === 0) return undefined;
      assertEmpty(zone, await records(zone));
      const answer = await request('DELETE', `/zones/${encodeURIComponent(zone.id)}`);
      if (!answer.ok && answer.status !== 404) throw refusal(answer, `removing zone ${zone.name}`);
      return undefined;
    },
  };
}

function codeOf(status: number): ErrorCodeName {
  if (status === 401) return 'DNS_CREDENTIALS';
  if (status === 403) return 'DNS_FORBIDDEN';
  if (status === 404) return 'NOT_FOUND';
  if (status === 409) return 'CONFLICT';
  if (status === 429) return 'RATE_LIMITED';
  return status === 408 || status >= 500 ? 'SERVER_ERROR' : 'INVALID';
}

/**
 * SOA of a new zone. Without one PowerDNS takes its setting default-soa-content, which out of the box names
 * `a.misconfigured.dns.server.invalid`; timers are those of that setting, the serial is PowerDNS's to write (soa_edit_api).
 */
const authority = (zone: string, primary: string): object => {
  const content = `${primary} hostmaster.${zone} 0 10800 3600 604800 3600`;
  return { name: zone, type: 'SOA', ttl: 3600, records: [{ content, disabled: false }] };
};

const replacement = (record: RecordSet): object => ({
  name: fqdn(record.name),
  type: record.type,
  ttl: record.ttl,
  changetype: 'REPLACE',
  records: record.values.map((content) => ({ content, disabled: false })),
});

function toZone(zone: ApiZone): Zone {
  const apex = (zone.rrsets ?? []).filter((set) => set.name === zone.name && set.type === 'NS');
  const account = zone.account ?? '';
  return {
    id: zone.id,
    name: fqdn(zone.name),
    nameServers: apex.flatMap((set) => set.records.map((record) => fqdn(record.content))).sort(),
    federation: account.startsWith('f:') ? account.slice(2) : undefined,
  };
}
