import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of a certificate and its key, PEM. */
export interface Pair {
  cert: string;
  key: string;
}

const openssl = (args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

/** Makes a CA called `name` in `folder`. */
export function makeCA(folder: string, name: string): Pair {
  const pair = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  openssl(['req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-out', pair.cert, '-keyout', pair.key]);
  return pair;
}

/** Makes a certificate of `ca` that serves 127.0.0.1 and is good for a client, too. */
export function makeCertificate(folder: string, name: string, ca: Pair): Pair {
  const pair = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const extensions = ['subjectAltName=IP:127.0.0.1', 'extendedKeyUsage=serverAuth,clientAuth'];
  const added = [...extensions, 'basicConstraints=critical,CA:FALSE'].flatMap((extension) => ['-addext', extension]);
  const signed = ['-CA', ca.cert, '-CAkey', ca.key];
  openssl([
    'req',
    '-x509',
    ...newKey,
    ...signed,
    '-subj',
    `/CN=${name}`,
    ...added,
    '-out',
    pair.cert,
    '-keyout',
    pair.key,
  ]);
  return pair;
}

export const read = (file: string): string => readFileSync(file, 'utf8');
export const base64 = (text: string): string => Buffer.from(text).toString('base64');
