import { chmodSync, chownSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from '@jest/globals';
import { contextRefOf, kubeconfigPath, removeContext, writeContext } from '../../../src/cli/files/kubeconfig-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedctl-kubeconfig-'));
  file = join(folder, 'config');
});

const theirs = [
  '# mine',
  'apiVersion: v1',
  'kind: Config',
  'clusters: [{name: other, cluster: {server: https://other}}]',
  'users: []',
  'contexts: []',
  'current-context: other',
  '',
].join('\n');
const federation = JSON.stringify({
  clusters: [{ name: 'f', cluster: { server: 'https://f', 'certificate-authority-data': 'Q0E=' } }],
  users: [{ name: 'f', user: { token: 'secret' } }],
});

it('is the first file of $KUBECONFIG, else the one in the home folder', () => {
  expect(kubeconfigPath({ KUBECONFIG: ':/a:/b', HOME: '/home/ann' })).toBe('/a');
  expect(kubeconfigPath({ KUBECONFIG: '', HOME: '/home/ann' })).toBe('/home/ann/.kube/config');
});

it('is made for its owner alone, with the context and no current one', async () => {
  const inside = join(folder, 'new', 'config');
  expect(await writeContext(inside, federation, 'federation-cluster')).toBe('written');
  expect(await writeContext(inside, federation, 'federation-cluster')).toBe('kept');
  expect(statSync(inside).mode & 0o777).toBe(0o600);
  expect(readFileSync(inside, 'utf8')).toContain('current-context: ""');
});

it('keeps what is not ours: entries, comments, rights, owner, and the link that leads to it', async () => {
  writeFileSync(file, theirs);
  chmodSync(file, 0o640);
  // Only root can give a file to somebody else.
  const [uid, gid] = process.geteuid?.() === 0 ? [1234, 4321] : [statSync(file).uid, statSync(file).gid];
  chownSync(file, uid, gid);
  const link = join(folder, 'link');
  symlinkSync('config', link);
  await writeContext(link, federation, 'federation-cluster');
  expect(readFileSync(file, 'utf8')).toMatch(/^# mine\n[^]*https:\/\/other[^]*current-context: other/);
  expect(statSync(file)).toMatchObject({ uid, gid, mode: 0o100640 });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  const ref = await contextRefOf(federation, 'federation-cluster');
  expect(await removeContext(link, { ...ref, authority: 'another' })).toBe(false);
  expect(await removeContext(link, ref)).toBe(true);
  expect(readFileSync(file, 'utf8')).not.toContain('federation-cluster');
  expect(readdirSync(folder).sort()).toEqual(['config', 'link']);
});

it('is written under the lock of kubectl; one that is old is nobody’s', async () => {
  writeFileSync(file, theirs);
  writeFileSync(`${file}.lock`, '');
  const old = new Date(Date.now() - 60_000);
  utimesSync(`${file}.lock`, old, old);
  expect(await writeContext(file, federation, 'federation-cluster')).toBe('written');
  expect(existsSync(`${file}.lock`)).toBe(false);
});
