import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { certificateActivities } from '../../../../activities/distributions/federation/certificates.ts';
import type { KubeObject } from '../../../../src/kubernetes/objects.ts';
import { credentialActivities } from '../../../../activities/distributions/federation/credentials.ts';
import { fingerprintOf, leafFor, newAuthority } from '../../../../activities/core/pki.ts';
import { names } from '../../../../src/distributions/federation/names.ts';
import { dyingAfterWrite, type HostWorld, hostWorld, weakHost } from '../../../helpers/kubernetes/host-world.ts';
import { kubeconfigFor } from '../../../helpers/kubernetes/federation-api.ts';
import { startKubeApiserver } from '../../../helpers/kubernetes/kube-apiserver.ts';
import { failureOf, kubeconfigFile } from '../../../helpers/kubernetes/member-world.ts';

const day = 86_400_000;
let server: Awaited<ReturnType<typeof startKubeApiserver>>;
let world: HostWorld;
let certificates: ReturnType<typeof certificateActivities>;
let credentials: ReturnType<typeof credentialActivities>;

beforeAll(async () => {
  server = await startKubeApiserver();
}, 120_000);
afterAll(() => server?.stop());
beforeEach(async () => {
  world = await hostWorld(server);
  certificates = certificateActivities(world.deps);
  credentials = credentialActivities(world.deps);
});

const secretOf = (name: string): Promise<KubeObject | undefined> => world.read('v1', 'Secret', name);
const dataOf = async (name: string): Promise<Record<string, string>> => {
  const data = ((await secretOf(name))?.['data'] ?? {}) as Record<string, string>;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
};
const versionOf = async (name: string): Promise<string> => (await secretOf(name))!.metadata.resourceVersion!;
const foreign = (name: string, stringData: Record<string, string> = { 'ca.crt': 'theirs' }): Promise<KubeObject> =>
  world.host.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: world.namespace }, stringData });
const makeAuthority = () => world.act(certificates.ensureCertificateAuthority, world.call('apiserver/certificates'));
const facts = { address: '10.1.2.3', port: 443 };

describe('ensureCertificateAuthority', () => {
  it('makes an authority of ten years, once', async () => {
    const first = await makeAuthority();
    const { 'ca.crt': certificate, 'ca.key': key, ...rest } = await dataOf(names.caSecret);
    expect(rest).toEqual({});
    const ca = new X509Certificate(certificate!);
    expect(first).toEqual({ outcome: 'created', facts: { caFingerprint: ca.fingerprint256 } });
    expect(ca.subject).toBe('CN=myfederation');
    expect([ca.ca, ca.checkPrivateKey(createPrivateKey(key!)), ca.verify(ca.publicKey)]).toEqual([true, true, true]);
    expect((Date.parse(ca.validTo) - Date.now()) / day).toBeCloseTo(3_650, 1);
    const version = await versionOf(names.caSecret);
    expect(await makeAuthority()).toEqual({ ...first, outcome: 'kept' });
    expect(await versionOf(names.caSecret)).toBe(version);
    expect(await world.ledger()).toMatchObject([
      { kind: 'Secret', name: names.caSecret, origin: 'created', step: 'apiserver/certificates' },
    ]);
  });

  it('keeps the authority that a worker made before it died, and notes its UID', async () => {
    const dying = certificateActivities(dyingAfterWrite(world.deps));
    const call = world.call('apiserver/certificates');
    expect(await failureOf(world.act(dying.ensureCertificateAuthority, call))).toMatchObject({ type: 'SERVER_ERROR' });
    expect((await world.ledger()).map(({ uid }) => uid)).toEqual(['']);
    const made = (await dataOf(names.caSecret))['ca.crt']!;
    const again = await makeAuthority();
    expect(again).toEqual({ outcome: 'kept', facts: { caFingerprint: fingerprintOf(made) } });
    expect((await world.ledger()).map(({ uid }) => uid)).toEqual([(await secretOf(names.caSecret))!.metadata.uid]);
  });

  it('lets the first of two attempts at once win', async () => {
    const both = await Promise.all([makeAuthority(), makeAuthority()]);
    const standing = fingerprintOf((await dataOf(names.caSecret))['ca.crt']!);
    expect(both.map((result) => result.facts.caFingerprint)).toEqual([standing, standing]);
  });

  it('leaves a Secret of somebody else alone, and keeps its keys when told to adopt it', async () => {
    const theirs = await newAuthority('theirs');
    await foreign(names.caSecret, { 'ca.crt': theirs.certificate, 'ca.key': theirs.key });
    const call = world.call('apiserver/certificates');
    expect(await failureOf(world.act(certificates.ensureCertificateAuthority, call))).toMatchObject({
      type: 'FOREIGN',
      nonRetryable: true,
    });
    expect(await world.ledger()).toEqual([]);
    const adopting = world.call('apiserver/certificates', { run: { adopt: true } });
    const adopted = await world.act(certificates.ensureCertificateAuthority, adopting);
    expect(adopted.facts.caFingerprint).toBe(fingerprintOf(theirs.certificate));
    expect((await dataOf(names.caSecret))['ca.key']).toBe(theirs.key);
    expect(await world.ledger()).toMatchObject([{ origin: 'adopted' }]);
  });

  it.each([
    ['without a key', { 'ca.key': null }, 'has no ca.key'],
    ['with the key of another', { 'ca.key': 'OTHER' }, 'ca.key does not belong to ca.crt'],
    ['that is no PEM', { 'ca.crt': Buffer.from('rubbish').toString('base64') }, 'cannot be read as PEM'],
  ])('parks on an authority %s', async (_what, patch, why) => {
    await makeAuthority();
    const other = Buffer.from((await newAuthority('other')).key).toString('base64');
    const data = Object.fromEntries(Object.entries(patch).map(([k, v]) => [k, v === 'OTHER' ? other : v]));
    const ref = { apiVersion: 'v1', kind: 'Secret', name: names.caSecret, namespace: world.namespace };
    await world.host.mergePatch(ref, { data });
    const failed = await failureOf(makeAuthority());
    expect(failed).toMatchObject({ type: 'CA_UNUSABLE', nonRetryable: true, message: expect.stringContaining(why) });
    expect(JSON.stringify(failed)).not.toContain('rubbish');
  });

  it('says which right is missing', async () => {
    const { server: url } = world.host;
    const weak = kubeconfigFile(
      kubeconfigFor({ server: url, cluster: { 'insecure-skip-tls-verify': true }, user: { token: 'weak-token' } }),
    );
    const call = world.call('apiserver/certificates', { run: await weakHost(world, weak) });
    expect(await failureOf(world.act(certificates.ensureCertificateAuthority, call))).toMatchObject({
      type: 'FORBIDDEN',
      message: expect.stringMatching(/"weak" cannot get resource "secrets"/),
    });
  });
});

describe('ensureApiserverCredentials', () => {
  const ensure = (given: object = {}, spec: object = {}) =>
    world.act(
      credentials.ensureApiserverCredentials,
      world.call('apiserver/credentials', { facts: { address: '10.1.2.3', ...given }, spec }),
    );
  beforeEach(makeAuthority);

  it('names the address and the Service in a certificate of a year, and keeps it', async () => {
    const first = await ensure();
    const secret = await dataOf(names.apiserverCredentials);
    expect(Object.keys(secret).sort()).toEqual(['ca.crt', 'server.crt', 'server.key', 'token.csv']);
    const leaf = new X509Certificate(secret['server.crt']!);
    const service = `federation-apiserver.${world.namespace}`;
    expect(leaf.subjectAltName!.split(', ')).toEqual([
      'IP Address:10.1.2.3',
      'DNS:federation-apiserver',
      `DNS:${service}`,
      `DNS:${service}.svc`,
      `DNS:${service}.svc.cluster.local`,
    ]);
    expect(leaf.verify(new X509Certificate(secret['ca.crt']!).publicKey)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(secret['server.key']!))).toBe(true);
    expect((Date.parse(leaf.validTo) - Date.now()) / day).toBeCloseTo(365, 1);
    expect(secret['token.csv']).toMatch(/^[A-Za-z0-9]{32},admin,admin,system:masters\n$/);
    const secretVersion = await versionOf(names.apiserverCredentials);
    expect(first).toEqual({
      outcome: 'created',
      facts: { secretVersion, expires: new Date(leaf.validTo).toISOString() },
    });
    expect(await ensure()).toEqual({ ...first, outcome: 'kept' });
    expect(await versionOf(names.apiserverCredentials)).toBe(secretVersion);
  });

  it('issues again for another address, and keeps the token', async () => {
    await ensure();
    const before = await dataOf(names.apiserverCredentials);
    const dns = { dns: { apiserverRecord: true, domain: 'federation.example' } };
    expect(await ensure({ address: 'lb.example' }, dns)).toMatchObject({ outcome: 'updated' });
    const after = await dataOf(names.apiserverCredentials);
    const san = new X509Certificate(after['server.crt']!).subjectAltName!;
    expect(san).toMatch(/^DNS:lb.example, /);
    expect(san).toMatch(/DNS:federation-apiserver.federation.example$/);
    expect(after['token.csv']).toBe(before['token.csv']);
    expect(after['server.key']).not.toBe(before['server.key']);
  });

  it('keeps what a worker stored before it died', async () => {
    const dying = credentialActivities(dyingAfterWrite(world.deps));
    const call = world.call('apiserver/credentials', { facts });
    await failureOf(world.act(dying.ensureApiserverCredentials, call));
    const stored = await dataOf(names.apiserverCredentials);
    expect(await ensure()).toMatchObject({ outcome: 'kept' });
    expect(await dataOf(names.apiserverCredentials)).toEqual(stored);
  });

  it('lets nothing secret out', async () => {
    const result = JSON.stringify([await ensure(), await world.ledger()]);
    const { 'token.csv': token = '' } = await dataOf(names.apiserverCredentials);
    expect(result).not.toContain(token.slice(0, 32));
    expect(result).not.toContain('PRIVATE KEY');
  });

  it('parks when the authority is gone', async () => {
    const { metadata } = (await secretOf(names.caSecret))!;
    const ref = { apiVersion: 'v1', kind: 'Secret', name: names.caSecret, namespace: world.namespace };
    await world.host.remove(ref, { uid: metadata.uid! });
    expect(await failureOf(ensure())).toMatchObject({ type: 'CA_UNUSABLE', nonRetryable: true });
  });

  it('leaves a Secret of somebody else alone', async () => {
    await foreign(names.apiserverCredentials, { 'token.csv': 'x' });
    expect(await failureOf(ensure())).toMatchObject({ type: 'FOREIGN' });
  });
});

describe('kubeconfigs', () => {
  beforeEach(makeAuthority);
  const kubeconfigOf = async (name: string) => {
    const text = (await dataOf(name))['kubeconfig']!;
    const { users, clusters, contexts, 'current-context': current } = parse(text);
    const certificate = Buffer.from(users[0].user['client-certificate-data'], 'base64').toString();
    return {
      server: clusters[0].cluster.server,
      current,
      context: contexts[0],
      text,
      leaf: new X509Certificate(certificate),
    };
  };
  const admin = (given: object = {}, context = 'federation-cluster') =>
    world.act(
      credentials.ensureAdminKubeconfig,
      world.call('admin/kubeconfig', { facts: { ...facts, ...given }, spec: { kubeconfig: { context } } }),
    );

  it("stores the controller manager's, by the Service's name", async () => {
    const ensure = () =>
      world.act(credentials.ensureControllerManagerCredentials, world.call('controller-manager/credentials'));
    const first = await ensure();
    const made = await kubeconfigOf(names.controllerManagerKubeconfig);
    expect(made.server).toBe('https://federation-apiserver');
    expect(made.leaf.subject.split('\n').sort()).toEqual(['CN=federation-controller-manager', 'O=system:masters']);
    expect(await ensure()).toEqual({ ...first, outcome: 'kept' });
    expect(first.facts.secretVersion).toBe(await versionOf(names.controllerManagerKubeconfig));
  });

  it("stores the operators', by the address and under the spec's context", async () => {
    const first = await admin({ port: 31443 });
    const made = await kubeconfigOf(names.adminKubeconfig);
    expect(made).toMatchObject({
      server: 'https://10.1.2.3:31443',
      current: 'federation-cluster',
      context: { name: 'federation-cluster' },
    });
    expect(made.leaf.subject.split('\n').sort()).toEqual(['CN=admin', 'O=system:masters']);
    expect(first).toEqual({ outcome: 'created', facts: { expires: new Date(made.leaf.validTo).toISOString() } });
    expect(await admin({ port: 31443 })).toEqual({ ...first, outcome: 'kept' });
  });

  it('moves to another address with the same certificate', async () => {
    await admin();
    const before = await kubeconfigOf(names.adminKubeconfig);
    expect(await admin({ address: '2001:db8::1' }, 'other')).toMatchObject({ outcome: 'updated' });
    const after = await kubeconfigOf(names.adminKubeconfig);
    expect([after.server, after.current]).toEqual(['https://[2001:db8::1]', 'other']);
    expect(after.leaf.fingerprint256).toBe(before.leaf.fingerprint256);
  });

  it('is made anew when the authority is another', async () => {
    await admin();
    const before = await kubeconfigOf(names.adminKubeconfig);
    const { metadata } = (await secretOf(names.caSecret))!;
    const ref = { apiVersion: 'v1', kind: 'Secret', name: names.caSecret, namespace: world.namespace };
    await world.host.remove(ref, { uid: metadata.uid! });
    await makeAuthority();
    expect(await admin()).toMatchObject({ outcome: 'updated' });
    const after = await kubeconfigOf(names.adminKubeconfig);
    expect(after.leaf.verify(new X509Certificate((await dataOf(names.caSecret))['ca.crt']!).publicKey)).toBe(true);
    expect(after.leaf.fingerprint256).not.toBe(before.leaf.fingerprint256);
  });

  it('replaces one that cannot be read', async () => {
    await admin();
    const ref = { apiVersion: 'v1', kind: 'Secret', name: names.adminKubeconfig, namespace: world.namespace };
    await world.host.mergePatch(ref, { data: { kubeconfig: Buffer.from('{nothing: [').toString('base64') } });
    // Whoever wrote it owns the field now: the operator has to say so.
    const taking = world.call('admin/kubeconfig', { facts, run: { takeOwnership: true } });
    expect(await world.act(credentials.ensureAdminKubeconfig, taking)).toMatchObject({ outcome: 'updated' });
    expect((await kubeconfigOf(names.adminKubeconfig)).server).toBe('https://10.1.2.3');
  });
});

describe('ensureDnsCredentials', () => {
  const ensure = (dnsProviderConfigFile: string) =>
    world.act(
      credentials.ensureDnsCredentials,
      world.call('controller-manager/dns-credentials', { spec: { controllerManager: { dnsProviderConfigFile } } }),
    );
  const file = join(mkdtempSync(join(tmpdir(), 'fedctl-dns-')), 'dns.conf');

  it('stores the file under the name that kubefed gave it, and follows its changes', async () => {
    writeFileSync(file, '[Global]\nzones = a.example.\n');
    const first = await ensure(file);
    expect(await dataOf(names.dnsProviderConfig)).toEqual({
      [names.dnsProviderConfig]: '[Global]\nzones = a.example.\n',
    });
    expect(await ensure(file)).toEqual({ ...first, outcome: 'kept' });
    writeFileSync(file, '[Global]\nzones = b.example.\n');
    expect(await ensure(file)).toMatchObject({ outcome: 'updated' });
  });

  it('puts a key file of Google beside settings that name its project', async () => {
    const key = JSON.stringify({ type: 'service_account', project_id: 'key-project', private_key: 'secret' });
    writeFileSync(file, key);
    expect((await ensure(file)).facts).toMatchObject({ key: true });
    expect(await dataOf(names.dnsProviderConfig)).toEqual({
      [names.dnsProviderConfig]: '[Global]\nproject-id = "key-project"\n',
      'key.json': key,
    });
    const spec = { controllerManager: { dnsProviderConfigFile: file }, dns: { project: 'spec-project' } };
    await world.act(credentials.ensureDnsCredentials, world.call('controller-manager/dns-credentials', { spec }));
    expect((await dataOf(names.dnsProviderConfig))[names.dnsProviderConfig]).toContain('spec-project');
  });

  it('names a file that is not there', async () => {
    expect(await failureOf(ensure('/nowhere/dns.conf'))).toMatchObject({
      type: 'FILE_NOT_READABLE',
      nonRetryable: true,
      message: expect.stringContaining('/nowhere/dns.conf'),
    });
  });
});

describe('leafFor', () => {
  const wanted = { commonName: 'admin', organization: 'system:masters', usage: 'client' as const, sans: [] };

  it('renews what has less than 30 days left, and keeps what has more', async () => {
    const authority = await newAuthority('ca');
    const leaf = await leafFor(authority, wanted, {});
    const realNow = Date.now;
    const inDays = async (days: number): Promise<boolean> => {
      Date.now = () => realNow() + days * day;
      try {
        return (await leafFor(authority, wanted, leaf)).key === leaf.key;
      } finally {
        Date.now = realNow;
      }
    };
    expect([await inDays(334), await inDays(336)]).toEqual([true, false]);
  });

  it('issues from an RSA authority in PKCS#1 that a person brought', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const own = await rsaAuthority(
      privateKey.export({ type: 'pkcs8', format: 'der' }),
      publicKey.export({ type: 'spki', format: 'der' }),
    );
    const key = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const leaf = await leafFor({ certificate: own, key }, wanted, {});
    expect(new X509Certificate(leaf.certificate).verify(publicKey)).toBe(true);
    expect((await leafFor({ certificate: own, key }, wanted, leaf)).key).toBe(leaf.key);
  });

  it('gives every certificate a serial of its own', async () => {
    const authority = await newAuthority('ca');
    const all = await Promise.all(Array.from({ length: 5 }, () => leafFor(authority, wanted, {})));
    expect(new Set(all.map(({ certificate }) => new X509Certificate(certificate).serialNumber)).size).toBe(5);
  });
});

async function rsaAuthority(pkcs8: Buffer, spki: Buffer): Promise<string> {
  const { X509CertificateGenerator, BasicConstraintsExtension } = await import('@peculiar/x509');
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const { subtle } = globalThis.crypto;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=brought',
    notAfter: new Date(Date.now() + 3_000 * day),
    keys: {
      privateKey: await subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
      publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']),
    },
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return certificate.toString('pem');
}
