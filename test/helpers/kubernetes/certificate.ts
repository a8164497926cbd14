import { execFileSync } from 'node:child_process';

/** Writes a certificate for 127.0.0.1 that vouches for itself, and its key. */
export function makeCertificate(certificate: string, key: string): void {
  const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1,IP:0.0.0.0'];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'ignore',
  });
}
