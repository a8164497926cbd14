import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DnsProvider, DnsSpec, Zone } from '../../../../activities/clients/dns/port.ts';
import { dnsProvider } from '../../../../activities/dns/provider.ts';
import { startCloudDns, writeKeyFile } from '../../../helpers/dns/cloud-dns.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../../../helpers/faults/proxy.ts';
import { awsError, rememberingReferences, startMoto } from '../../../helpers/dns/moto.ts';
import { startPowerDns } from '../../../helpers/dns/powerdns.ts';
import { freePort } from '../../../helpers/common/processes.ts';
import { aSpec } from '../../../helpers/common/spec.ts';

/** A real server or an emulator of one provider, and how its errors look on the wire. */
interface Backend {
  /** `dns` of a spec that reaches it through the proxy. */
  dns(over: Partial<DnsSpec>): DnsSpec;
  proxy: FaultProxy;
  /** Answers as the provider gives them. */
  faults: { rate: Fault; denied: Fault; failed: Fault };
  /** Code of a refusal. */
  denied: string;
  /** HTTP method that changes records. */
  changes: string;
  /** Answers the provider's own word on how long to wait, ms. */
  waitMs: number;
  /** A spec whose credentials are refused or missing. */
  withoutCredentials: Partial<DnsSpec>;
  stop(): Promise<void>;
}

const scratch = mkdtempSync(join(tmpdir(), 'fedctl-dns-'));
const dnsOf = (given: Partial<DnsSpec>): DnsSpec =>
  aSpec({ spec: { dns: { zone: 'federation.example.', domain: 'federation.example', ...given } } }).dns!;

async function powerDns(): Promise<Backend> {
  const server = await startPowerDns();
  const proxy = await startFaultProxy(server.url);
  return {
    dns: (over) => dnsOf({ provider: 'powerdns', endpoint: proxy.url, credentialsFile: server.keyFile, ...over }),
    proxy,
    faults: {
      rate: { status: 429, body: 'Too Many Requests', headers: { 'retry-after': '7' } },
      denied: { status: 401, body: 'Unauthorized' },
      failed: { status: 503, body: 'backend is away' },
    },
    denied: 'DNS_CREDENTIALS',
    changes: 'PATCH',
    waitMs: 7_000,
    withoutCredentials: { credentialsFile: join(scratch, 'nowhere') },
    stop: async () => {
      await proxy.stop();
      await server.stop();
    },
  };
}

async function route53(): Promise<Backend> {
  const moto = await startMoto();
  const proxy = await startFaultProxy(moto.url, rememberingReferences());
  const credentialsFile = join(scratch, 'aws-credentials');
  writeFileSync(credentialsFile, '[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = test\n');
  return {
    dns: (over) => dnsOf({ provider: 'aws-route53', endpoint: proxy.url, credentialsFile, ...over }),
    proxy,
    faults: {
      rate: awsError(400, 'PriorRequestNotComplete', { 'retry-after': '7' }),
      denied: awsError(403, 'AccessDenied'),
      failed: awsError(503, 'ServiceUnavailable'),
    },
    denied: 'DNS_FORBIDDEN',
    changes: 'POST',
    waitMs: 7_000,
    withoutCredentials: { profile: 'nobody' },
    stop: async () => {
      await proxy.stop();
      await moto.stop();
    },
  };
}

const googleError = (status: number, reason: string, headers: Record<string, string> = {}): Fault => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ error: { code: status, message: `said ${reason}`, errors: [{ reason, domain: 'global' }] } }),
});

async function cloudDns(): Promise<Backend> {
  const server = await startCloudDns();
  const proxy = await startFaultProxy(server.url);
  return {
    dns: (over) =>
      dnsOf({
        provider: 'google-clouddns',
        endpoint: proxy.url,
        project: server.project,
        credentialsFile: server.keyFile,
        ...over,
      }),
    proxy,
    faults: {
      rate: googleError(403, 'rateLimitExceeded', { 'retry-after': '7' }),
      denied: googleError(403, 'forbidden'),
      failed: googleError(503, 'backendError'),
    },
    denied: 'DNS_FORBIDDEN',
    changes: 'POST',
    waitMs: 7_000,
    withoutCredentials: { credentialsFile: join(scratch, 'nowhere.json') },
    stop: async () => {
      await proxy.stop();
      await server.stop();
    },
  };
}

/** Code, delay and message of a failure; throws when there was none. */
async function refused(
  promise: Promise<unknown>,
): Promise<{ type: string; nextRetryDelay?: unknown; message: string }> {
  try {
    await promise;
  } catch (error) {
    return error as { type: string; message: string };
  }
  throw new Error('there was no failure');
}

const uuid = '0b6f6f0e-8a53-4b0e-9a53-0d9f6b1a2c3d';

describe.each([
  ['powerdns', powerDns],
  ['aws-route53', route53],
  ['google-clouddns', cloudDns],
])('every DNS provider keeps the same word: %s', (_name, start) => {
  let backend: Backend;
  let provider: DnsProvider;
  const providerOf = (over: Partial<DnsSpec> = {}): Promise<DnsProvider> => dnsProvider(backend.dns(over), {});
  const a = (name: string, ...values: string[]) => ({ name, type: 'A', ttl: 60, values });
  const wholeNames = (zones: readonly Zone[]): string[] => zones.map(({ name }) => name);

  beforeAll(async () => {
    backend = await start();
    provider = await providerOf();
  }, 300_000);
  afterAll(async () => backend.stop());

  it('proves credentials by reading', async () => {
    const before = backend.proxy.requests.length;
    await provider.check();
    const asked = backend.proxy.requests.slice(before).filter((line) => !/token|:testIamPermissions/.test(line));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every((line) => line.startsWith('GET '))).toBe(true);
  });

  it('finds nothing where nothing is', async () => {
    expect(await provider.find('nowhere.example.')).toEqual([]);
  });

  it('makes a zone that is ours, once however often it is asked for', async () => {
    const made = await provider.create('Twice.Example', uuid);
    expect(made).toMatchObject({ name: 'twice.example.', federation: uuid });
    expect(made.nameServers.length).toBeGreaterThan(0);
    const again = await provider.create('twice.example.', uuid);
    expect(again.id).toBe(made.id);
    const found = await provider.find('TWICE.example');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ id: made.id, federation: uuid, nameServers: made.nameServers });
    if (made.change) expect(await provider.changeDone(made, made.change)).toBe(true);
  });

  it('makes one zone although the answer to the first creation was lost', async () => {
    backend.proxy.fail('POST', 'answer lost');
    expect(await refused(provider.create('crash.example.', uuid))).toMatchObject({ type: 'UNREACHABLE' });
    const made = await provider.create('crash.example.', uuid);
    expect(made.federation).toBe(uuid);
    expect(wholeNames(await provider.find('crash.example.'))).toEqual(['crash.example.']);
  });

  it('knows an internationalized name by both of its spellings', async () => {
    await provider.create('bücher.example', uuid);
    expect(wholeNames(await provider.find('xn--bcher-kva.example.'))).toEqual(['xn--bcher-kva.example.']);
    expect(wholeNames(await provider.find('BÜCHER.example.'))).toEqual(['xn--bcher-kva.example.']);
  });

  it('reads a zone by its id, and says when there is none', async () => {
    const made = await provider.create('by-id.example.', uuid);
    expect(await provider.read(made.id)).toMatchObject({ id: made.id, name: 'by-id.example.', federation: uuid });
    await provider.remove(made);
    expect(await provider.read(made.id)).toBeUndefined();
  });

  it('makes a zone again after it is gone', async () => {
    const first = await provider.create('again.example.', uuid, 'first run');
    await provider.remove(first);
    const second = await provider.create('again.example.', uuid, 'second run');
    expect(second).toMatchObject({ name: 'again.example.', federation: uuid });
    expect(wholeNames(await provider.find('again.example.'))).toEqual(['again.example.']);
  });

  it('tells a zone from the ones above and below it', async () => {
    await provider.create('deep.example.', uuid);
    await provider.create('more.deep.example.', uuid);
    expect(wholeNames(await provider.find('deep.example.'))).toEqual(['deep.example.']);
  });

  it('finds a zone among 250', async () => {
    const numbers = Array.from({ length: 250 }, (_, at) => at);
    for (let at = 0; at < numbers.length; at += 25) {
      await Promise.all(numbers.slice(at, at + 25).map((n) => provider.create(`z${n}.many.example.`, uuid)));
    }
    for (const n of [0, 99, 100, 249]) {
      expect(wholeNames(await provider.find(`z${n}.many.example.`))).toEqual([`z${n}.many.example.`]);
    }
  }, 120_000);

  it('reads records by the hundreds', async () => {
    const zone = await provider.create('records.example.', uuid);
    for (let n = 0; n < 120; n += 1) await provider.ensureRecord(zone, a(`r${n}.records.example.`, '192.0.2.1'));
    const names = (await provider.records(zone)).filter(({ type }) => type === 'A').map(({ name }) => name);
    expect(new Set(names).size).toBe(120);
  }, 120_000);

  it('keeps a record that is right, and changes one that is not', async () => {
    const zone = await provider.create('kept.example.', uuid);
    const change = await provider.ensureRecord(zone, a('api.kept.example.', '192.0.2.1'));
    if (change) expect(await provider.changeDone(zone, change)).toBe(true);
    const before = backend.proxy.requests.length;
    expect(await provider.ensureRecord(zone, a('API.kept.example', '192.0.2.1'))).toBeUndefined();
    expect(backend.proxy.requests.slice(before).every((line) => line.startsWith('GET '))).toBe(true);
    await provider.ensureRecord(zone, a('api.kept.example.', '192.0.2.2', '192.0.2.3'));
    const found = (await provider.records(zone)).filter(({ type }) => type === 'A');
    expect(found.map(({ values }) => values.toSorted())).toEqual([['192.0.2.2', '192.0.2.3']]);
  });

  it('removes records and zones, and once more without harm', async () => {
    const zone = await provider.create('gone.example.', uuid);
    const record = a('*.gone.example.', '192.0.2.1');
    await provider.ensureRecord(zone, record);
    await provider.removeRecord(zone, record);
    await provider.removeRecord(zone, record);
    await provider.remove(zone);
    await provider.remove(zone);
    expect(await provider.find('gone.example.')).toEqual([]);
  });

  it('leaves a zone that is in use, and names what is in it', async () => {
    const zone = await provider.create('used.example.', uuid);
    await provider.ensureRecord(zone, a('www.used.example.', '192.0.2.1'));
    const why = await refused(provider.remove(zone));
    expect(why).toMatchObject({ type: 'DNS_ZONE_IN_USE', nonRetryable: true });
    expect(why.message).toContain('www.used.example. A');
    expect(wholeNames(await provider.find('used.example.'))).toEqual(['used.example.']);
  });

  it('says NOT_FOUND of records in a zone that is gone', async () => {
    const zone = await provider.create('lost.example.', uuid);
    await provider.remove(zone);
    expect(await refused(provider.records(zone))).toMatchObject({ type: 'NOT_FOUND' });
  });

  it('waits as long as the server says, and asks only once', async () => {
    backend.proxy.fail('GET', backend.faults.rate);
    const before = backend.proxy.requests.length;
    const why = await refused(provider.find('twice.example.'));
    expect(why).toMatchObject({ type: 'RATE_LIMITED', nonRetryable: false, nextRetryDelay: backend.waitMs });
    expect(backend.proxy.requests.slice(before).filter((line) => line.startsWith('GET '))).toHaveLength(1);
  });

  it('is told of a rate limit in the middle of a change', async () => {
    const zone = await provider.create('busy.example.', uuid);
    backend.proxy.fail(backend.changes, backend.faults.rate);
    const record = a('api.busy.example.', '192.0.2.1');
    expect(await refused(provider.ensureRecord(zone, record))).toMatchObject({ type: 'RATE_LIMITED' });
    await provider.ensureRecord(zone, record);
    expect((await provider.records(zone)).some(({ type }) => type === 'A')).toBe(true);
  });

  it('calls a failing server a failing server, without trying again by itself', async () => {
    backend.proxy.fail('GET', backend.faults.failed);
    const before = backend.proxy.requests.length;
    expect(await refused(provider.find('twice.example.'))).toMatchObject({ type: 'SERVER_ERROR', nonRetryable: false });
    expect(backend.proxy.requests.slice(before).filter((line) => line.startsWith('GET '))).toHaveLength(1);
  });

  it('parks on a refusal', async () => {
    // Credentials are read anew once when they are refused.
    backend.proxy.fail('GET', backend.faults.denied, backend.faults.denied);
    expect(await refused(provider.check())).toMatchObject({ type: backend.denied, nonRetryable: true });
    backend.proxy.forget();
  });

  it('says where credentials can come from when there are none', async () => {
    const bare = providerOf(backend.withoutCredentials).then((one) => one.check());
    expect(await refused(bare)).toMatchObject({ type: 'DNS_CREDENTIALS_MISSING', nonRetryable: true });
  });

  it('says UNREACHABLE of a server that is not there', async () => {
    const away = await providerOf({ endpoint: `http://127.0.0.1:${await freePort()}` });
    expect(await refused(away.find('twice.example.'))).toMatchObject({ type: 'UNREACHABLE' });
  });
});

describe('PowerDNS alone', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await powerDns();
  }, 60_000);
  afterAll(async () => backend.stop());

  it('says in the SOA of a new zone that its first name server is the primary one', async () => {
    const one = await dnsProvider(backend.dns({ nameServers: ['ns9.b.example.', 'ns1.b.example'] }), {});
    const zone = await one.create('authority.example.', uuid);
    const records = await one.records(zone);
    expect(zone.nameServers).toEqual(['ns1.b.example.', 'ns9.b.example.']);
    expect(records.map(({ type }) => type).toSorted()).toEqual(['NS', 'SOA']);
    const [soa] = records.find(({ type }) => type === 'SOA')!.values;
    // The serial is a date and a number: PowerDNS has written it.
    expect(soa).toMatch(/^ns9\.b\.example\. hostmaster\.authority\.example\. 20\d{8} 10800 3600 604800 3600$/);
    await one.remove(zone);
  });
});

describe('Route 53 alone', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await route53();
  }, 300_000);
  afterAll(async () => backend.stop());
  const provider = (over: Partial<DnsSpec> = {}): Promise<DnsProvider> => dnsProvider(backend.dns(over), {});

  it('lists two zones of one name with whose they are', async () => {
    const one = await provider();
    const ours = await one.create('two.example.', uuid);
    const theirs = await one.create('two.example.', 'another-federation');
    const found = await one.find('two.example.');
    expect(found.map(({ id }) => id).toSorted()).toEqual([ours.id, theirs.id].toSorted());
    expect(found.map(({ federation }) => federation).toSorted()).toEqual([uuid, 'another-federation'].toSorted());
  });

  it('keeps private and public zones of one name apart', async () => {
    const inside = await provider({ visibility: 'private', network: 'vpc-1', region: 'eu-west-1' });
    const made = await inside.create('split.example.', uuid);
    const outside = await provider();
    expect(await outside.find('split.example.')).toEqual([]);
    expect((await outside.create('split.example.', uuid)).id).not.toBe(made.id);
    expect((await inside.find('split.example.')).map(({ id }) => id)).toEqual([made.id]);
  });

  it('takes no private zone of another network for its own', async () => {
    const here = await provider({ visibility: 'private', network: 'vpc-1', region: 'eu-west-1' });
    const there = await provider({ visibility: 'private', network: 'vpc-2', region: 'eu-west-1' });
    const made = await there.create('networks.example.', uuid);
    expect(await here.find('networks.example.')).toEqual([]);
    expect((await there.find('networks.example.')).map(({ id }) => id)).toEqual([made.id]);
  });

  it('says what a check cannot prove', async () => {
    const one = await provider();
    const zone = await one.create('unproved.example.', uuid);
    expect(await one.check()).toBe('the permission to create it could not be checked');
    expect(await one.check(zone)).toBe('the permission to change its records could not be checked');
  });

  it('reads more records than one page holds, and finds more zones of one name than that', async () => {
    const one = await provider();
    const zone = await one.create('pages.example.', uuid);
    const asked = new Route53Client({
      endpoint: backend.dns({}).endpoint!,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'test' },
    });
    const sets = Array.from({ length: 310 }, (_, n) => `r${n}.pages.example.`);
    const Changes = sets.map((Name) => ({
      Action: 'CREATE' as const,
      ResourceRecordSet: { Name, Type: 'A' as const, TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] },
    }));
    await asked.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone.id, ChangeBatch: { Changes } }));
    const shown = (await one.records(zone)).filter(({ type }) => type === 'A').map(({ name }) => name);
    expect(new Set(shown)).toEqual(new Set(sets));
    for (let n = 1; n <= 104; n += 1) {
      const given = { Name: 'pages.example.', CallerReference: `fedctl:federation-${n}:x` };
      await asked.send(new CreateHostedZoneCommand(given));
    }
    expect((await one.find('pages.example.')).map(({ federation }) => federation)).toHaveLength(105);
  }, 120_000);

  it('signs with the named profile of a credentials file', async () => {
    const seen: string[] = [];
    const proxy = await startFaultProxy(backend.proxy.url, ({ headers }) => {
      seen.push(headers.authorization ?? '');
      return undefined;
    });
    const file = join(scratch, 'aws-profiles');
    const section = (name: string, key: string) =>
      `[${name}]\naws_access_key_id = ${key}\naws_secret_access_key = test\n`;
    writeFileSync(file, section('default', 'AKIADEFAULT') + section('federation', 'AKIAFEDERATION'));
    const one = await provider({ endpoint: proxy.url, credentialsFile: file, profile: 'federation' });
    await one.find('profile.example.');
    await proxy.stop();
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((line) => line.includes('AKIAFEDERATION/'))).toBe(true);
  });

  it.each([
    ['DelegationSetNotAvailable', 'DNS_DELEGATION_SET_LIMIT'],
    ['TooManyHostedZones', 'DNS_QUOTA'],
    ['HostedZoneAlreadyExists', 'DNS_ZONE_UNSEEN'],
    ['InvalidVPCId', 'DNS_NETWORK'],
    ['ExpiredToken', 'DNS_CREDENTIALS'],
    ['Throttling', 'RATE_LIMITED'],
    ['InvalidDomainName', 'INVALID'],
  ])('%s is %s', async (word, code) => {
    backend.proxy.fail('POST', awsError(400, word), awsError(400, word));
    const why = await refused((await provider()).create('fails.example.', uuid));
    backend.proxy.forget();
    expect(why).toMatchObject({ type: code });
    expect(why.message).toContain(`said ${word}`);
  });
});

describe('Cloud DNS alone', () => {
  let server: Awaited<ReturnType<typeof startCloudDns>>;
  beforeAll(async () => {
    server = await startCloudDns();
  });
  afterAll(async () => server.stop());
  const provider = (over: Partial<DnsSpec> = {}): Promise<DnsProvider> =>
    dnsProvider(
      dnsOf({
        provider: 'google-clouddns',
        endpoint: server.url,
        project: server.project,
        credentialsFile: server.keyFile,
        ...over,
      }),
      {},
    );

  it('waits for a change that is pending', async () => {
    const one = await provider();
    const zone = await one.create('pending.example.', uuid);
    server.looksUntilDone = 2;
    const change = await one.ensureRecord(zone, {
      name: 'a.pending.example.',
      type: 'A',
      ttl: 60,
      values: ['192.0.2.1'],
    });
    const seen = [
      await one.changeDone(zone, change!),
      await one.changeDone(zone, change!),
      await one.changeDone(zone, change!),
    ];
    expect(seen).toEqual([false, false, true]);
  });

  it('names a zone within the grammar, and never two alike', async () => {
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.example.`;
    const one = await provider();
    const first = await one.create(long, uuid);
    const second = await one.create(`${'a'.repeat(60)}.${'c'.repeat(60)}.example.`, uuid);
    const third = await one.create('9.168.192.in-addr.arpa.', uuid);
    expect(new Set([first.id, second.id, third.id]).size).toBe(3);
    for (const { id } of [first, second, third]) expect(id).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });

  it('tells whose the zones of one name are', async () => {
    const one = await provider();
    await one.create('two.example.', uuid);
    await one.create('two.example.', 'another-federation');
    expect((await one.find('two.example.')).map(({ federation }) => federation).toSorted()).toEqual(
      [uuid, 'another-federation'].toSorted(),
    );
  });

  it('passes over what the person may not do, and names it', async () => {
    const one = await provider();
    const zone = await one.create('rights.example.', uuid);
    await one.check(zone);
    server.permissions = { granted: ['dns.resourceRecordSets.list'] };
    const why = await refused(one.check(zone));
    server.permissions = { granted: 'all' };
    expect(why).toMatchObject({ type: 'DNS_FORBIDDEN' });
    expect(why.message).toContain('dns.changes.create');
  });

  it('says what is not proved of a zone to be made, and names what may not be done', async () => {
    const one = await provider();
    expect(await one.check()).toBe('');
    server.inProject = { granted: ['dns.managedZones.get'] };
    const why = await refused(one.check());
    server.inProject = undefined;
    const unproved = await one.check();
    server.inProject = { granted: 'all' };
    expect(why).toMatchObject({ type: 'DNS_FORBIDDEN' });
    expect(why.message).toContain('dns.managedZones.create, dns.managedZones.delete in project my-project');
    expect(unproved).toBe('the permission to create it could not be checked');
  });

  it('takes no private zone of another network for its own', async () => {
    const here = await provider({ visibility: 'private', network: 'default' });
    const there = await provider({ visibility: 'private', network: 'projects/shared/global/networks/other' });
    const made = await there.create('networks.example.', uuid);
    expect(await here.find('networks.example.')).toEqual([]);
    expect((await there.find('networks.example.')).map(({ id }) => id)).toEqual([made.id]);
  });

  it('finds all zones of one name, on whatever page they are', async () => {
    const one = await provider();
    const makers = Array.from({ length: 7 }, (_, n) => `federation-${n}`);
    for (const maker of makers) await one.create('paged.example.', maker);
    server.pageSize = 3;
    const found = await one.find('paged.example.');
    server.pageSize = 100;
    expect(found.map(({ federation }) => federation).toSorted()).toEqual(makers);
  });

  it('is found by the variable of gcloud where the spec names no endpoint', async () => {
    const { endpoint, ...dns } = dnsOf({
      provider: 'google-clouddns',
      endpoint: server.url,
      project: server.project,
      credentialsFile: server.keyFile,
    });
    const one = await dnsProvider(dns, { CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS: `${endpoint}/` });
    expect(await one.check()).toBe('');
  });

  it('makes a private zone in its network', async () => {
    const one = await provider({ visibility: 'private', network: 'default' });
    const zone = await one.create('private.example.', uuid);
    expect(server.zones.get(zone.id)?.zone.privateVisibilityConfig?.networks?.[0]?.networkUrl).toBe(
      'https://www.googleapis.com/compute/v1/projects/my-project/global/networks/default',
    );
    expect(await (await provider()).find('private.example.')).toEqual([]);
  });

  it('names what Google wants to see proved, and what it has no room for', async () => {
    server.unverified.add('verify.example.');
    server.exhausted.add('full.example.');
    const one = await provider();
    expect(await refused(one.create('verify.example.', uuid))).toMatchObject({ type: 'DNS_DOMAIN_NOT_VERIFIED' });
    expect(await refused(one.create('full.example.', uuid))).toMatchObject({ type: 'DNS_DELEGATION_SET_LIMIT' });
  });

  it('names a project that is not there', async () => {
    const why = await refused((await provider({ project: 'other-project' })).check());
    expect(why).toMatchObject({ type: 'DNS_PROJECT', nonRetryable: true });
    expect(why.message).toContain('other-project');
  });

  it('parks on a key file whose token is refused, and on one that is none', async () => {
    const refusedKey = join(scratch, 'refused.json');
    await writeKeyFile(refusedKey, `${server.url}/refused/token`);
    expect(await refused((await provider({ credentialsFile: refusedKey })).check())).toMatchObject({
      type: 'DNS_CREDENTIALS',
    });
    const broken = join(scratch, 'broken.json');
    writeFileSync(broken, 'no key');
    expect(await refused((await provider({ credentialsFile: broken })).check())).toMatchObject({
      type: 'DNS_CREDENTIALS',
    });
  });
});
