import { createPrivateKey, randomBytes, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import type { Extension, Name, X509Certificate } from '@peculiar/x509';
import { x509 } from '../kit/x509.ts';
import { failure } from '../kit/fail.ts';

const {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} = x509;
x509.cryptoProvider.set(webcrypto);

const day = 86_400_000;
/** Validity as kubefed gave it (util/cert of client-go): the authority ten years, what it issues one. */
const authorityDays = 3_650;
const leafDays = 365;
/** A certificate with less left than this is made anew. */
const renewBeforeDays = 30;
/** ms that a certificate is valid before it was made: clocks of other machines may be late. */
const backdateMs = 600_000;

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate and its private key, PEM. SECRET: stays inside one activity, and in a Secret. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/** What a certificate is for. */
export interface LeafWanted {
  commonName: string;
  /** The group that the API server takes from it. */
  organization?: string;
  usage: 'server' | 'client';
  /** Names of a server, in this order. */
  sans: { type: 'dns' | 'ip'; value: string }[];
}

/** A leaf that serves, and whether it was there already. */
export interface Leaf extends KeyPair {
  /** End of its validity, ISO 8601. */
  expires: string;
}

/** A positive serial of 127 random bits (RFC 5280 4.1.2.2 asks for at most 20 octets). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem')}\n`;

function validity(days: number, until = Infinity): { notBefore: Date; notAfter: Date } {
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  return { notBefore: new Date(now - backdateMs), notAfter: new Date(Math.min(now + days * day, until)) };
}

/** A new certificate authority, ECDSA P-256, ten years. */
export async function newAuthority(commonName: string): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(authorityDays),
    keys,
    signingAlgorithm: ecdsa,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), key: await pemOfKey(keys.privateKey) };
}

/** '' for an authority that can issue, else why it cannot. */
function authorityProblem({ certificate, key }: KeyPair): string {
  try {
    const parsed = new NodeCertificate(certificate);
    if (!parsed.ca) return 'ca.crt is not the certificate of an authority';
    if (!parsed.checkPrivateKey(createPrivateKey(key))) return 'ca.key does not belong to ca.crt';
    if (Date.parse(parsed.validTo) <= Date.now()) return `ca.crt has expired on ${parsed.validTo}`;
    return '';
  } catch {
    // The parser's own words may quote what it read.
    return 'ca.crt or ca.key cannot be read as PEM';
  }
}

/** Throws CA_UNUSABLE, saying why, for an authority that cannot issue. */
export function assertUsable(pair: Partial<KeyPair>, data: { secret: string; namespace: string }): KeyPair {
  const { certificate, key } = pair;
  const missing = [...(certificate ? [] : ['ca.crt']), ...(key ? [] : ['ca.key'])].join(' and ');
  const why = certificate && key ? authorityProblem({ certificate, key }) : `it has no ${missing}`;
  if (certificate && key && !why) return { certificate, key };
  throw failure('CA_UNUSABLE', `Secret ${data.secret} in namespace ${data.namespace}: ${why}`, data);
}

/** SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` prints it. */
export const fingerprintOf = (certificate: string): string => new NodeCertificate(certificate).fingerprint256;

/** The certificate that stands when it still serves, else a new one with a key of its own. */
export async function leafFor(authority: KeyPair, wanted: LeafWanted, standing: Partial<KeyPair>): Promise<Leaf> {
  const { certificate, key } = standing;
  const kept = certificate && key && serves({ certificate, key }, authority, wanted);
  const pair = kept ? { certificate, key } : await issue(authority, wanted);
  return { ...pair, expires: new Date(new NodeCertificate(pair.certificate).validTo).toISOString() };
}

/** Whether a leaf was issued by this authority for just this, and has time left. */
function serves(standing: KeyPair, authority: KeyPair, wanted: LeafWanted): boolean {
  try {
    const leaf = new NodeCertificate(standing.certificate);
    const issuer = new NodeCertificate(authority.certificate);
    const parsed = new x509.X509Certificate(standing.certificate);
    return (
      leaf.checkIssued(issuer) &&
      leaf.verify(issuer.publicKey) &&
      leaf.checkPrivateKey(createPrivateKey(standing.key)) &&
      Date.parse(leaf.validTo) - Date.now() >= renewBeforeDays * day &&
      sameSubject(parsed.subjectName, wanted) &&
      extensionsOf(wanted).every((extension) => sameExtension(parsed, extension))
    );
  } catch {
    return false;
  }
}

const sameSubject = (subject: Name, wanted: LeafWanted): boolean =>
  subject.getField('CN').join() === wanted.commonName && subject.getField('O').join() === (wanted.organization ?? '');

function sameExtension(certificate: X509Certificate, wanted: Extension): boolean {
  const found = certificate.getExtension(wanted.type);
  return found !== null && Buffer.from(found.value).equals(Buffer.from(wanted.value));
}

/** The extensions that tell what a certificate is for. */
const extensionsOf = ({ usage, sans }: LeafWanted): Extension[] => [
  new ExtendedKeyUsageExtension([usage === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
  ...(sans.length > 0 ? [new x509.SubjectAlternativeNameExtension(sans)] : []),
];

async function issue(authority: KeyPair, wanted: LeafWanted): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const [keys, { signingKey, signingAlgorithm }] = await Promise.all([newKeys(), signerOf(authority, issuer)]);
  const subject = [...(wanted.organization ? [{ O: [wanted.organization] }] : []), { CN: [wanted.commonName] }];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer.subjectName,
    ...validity(leafDays, issuer.notAfter.getTime()),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      ...extensionsOf(wanted),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), key: await pemOfKey(keys.privateKey) };
}

/** The authority's key, ready to sign. It may be RSA, and in any PEM form: a person may have brought back another. */
async function signerOf(
  authority: KeyPair,
  issuer: X509Certificate,
): Promise<{ signingKey: webcrypto.CryptoKey; signingAlgorithm: { name: string; hash: string } }> {
  const der = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' });
  const algorithm = { ...issuer.publicKey.algorithm, hash: 'SHA-256' };
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  return { signingKey, signingAlgorithm: algorithm };
}
