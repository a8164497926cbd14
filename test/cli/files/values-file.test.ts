import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from '@jest/globals';
import { runCli } from '../../../src/cli/program.ts';
import { checkValues, putInPlace, valuesPath, writeValues } from '../../../src/cli/files/values-file.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';

const values = {
  apiserverRegistry: 'r.example:5000',
  apiserverVersion: 'gabc',
  controllerManagerRegistry: 'r.example:5000',
  controllerManagerVersion: 'gabc',
};
const lines = Object.entries(values).map(([key, value]) => `${key}: ${value}\n`);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedctl-values-'));
});

it('is in FEDERATION_OUTPUT_ROOT, or nowhere', () => {
  expect(valuesPath({ FEDERATION_OUTPUT_ROOT: '/out' })).toBe('/out/values.yaml');
  expect(valuesPath({ FEDERATION_OUTPUT_ROOT: '' })).toBeUndefined();
  expect(valuesPath({})).toBeUndefined();
});

it('makes the file and its folder, and then leaves it alone', async () => {
  const file = join(folder, 'new', 'values.yaml');
  expect(await writeValues(file, values)).toBe('written');
  expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
  const before = statSync(file);
  expect(await writeValues(file, values)).toBe('kept');
  expect(statSync(file)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  expect(readdirSync(join(folder, 'new'))).toEqual(['values.yaml']);
});

it('keeps comments, rights, and a link where it is', async () => {
  const real = join(folder, 'real.yaml');
  writeFileSync(real, '# mine\ndomain: example.com # of us\napiserverVersion: "v1.4.0" # old\n');
  chmodSync(real, 0o600);
  const file = join(folder, 'values.yaml');
  symlinkSync('real.yaml', file);
  expect(await writeValues(file, values)).toBe('written');
  const [first = '', , third = '', fourth = ''] = lines;
  expect(readFileSync(real, 'utf8')).toBe(
    `# mine\ndomain: example.com # of us\napiserverVersion: gabc # old\n${first}${third}${fourth}`,
  );
  expect(readlinkSync(file)).toBe('real.yaml');
  expect(statSync(real).mode & 0o777).toBe(0o600);
});

it('does not write over what is no values file', async () => {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, 'a: [\n');
  await expect(writeValues(file, values)).rejects.toThrow('not valid YAML');
  expect(readFileSync(file, 'utf8')).toBe('a: [\n');
});

it('leaves a read-only file alone, also as root, who could replace it', async () => {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, 'apiserverVersion: v1.4.0\n', { mode: 0o444 });
  await expect(checkValues(file)).rejects.toThrow('it is read-only (mode 444)');
  await expect(writeValues(file, values)).rejects.toThrow('it is read-only (mode 444)');
  expect(readFileSync(file, 'utf8')).toBe('apiserverVersion: v1.4.0\n');
  expect(readdirSync(folder)).toEqual(['values.yaml']);
});

it('has nothing against a read-only file that holds the values already', async () => {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, lines.join(''), { mode: 0o444 });
  expect(await writeValues(file, values)).toBe('kept');
});

it.each([
  ['no YAML', 'a: [\n', 'not valid YAML'],
  ['no mapping', '- a\n', 'not a mapping'],
])('knows before a push that a file is %s', async (_what, text, why) => {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, text);
  await expect(checkValues(file)).rejects.toThrow(why);
});

it('knows before a push that a folder is in the way, and makes nothing when it only looks', async () => {
  const file = join(folder, 'values.yaml');
  await checkValues(join(folder, 'new', 'values.yaml'));
  expect(readdirSync(folder)).toEqual([]);
  mkdirSync(file);
  await expect(checkValues(file)).rejects.toThrow('EISDIR');
});

it('keeps what somebody else wrote meanwhile', async () => {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, 'domain: old.example\n');
  let rivals = 0;
  const outcome = await writeValues(file, values, async (target, before, text) => {
    if ((rivals += 1) === 1) writeFileSync(target, 'domain: new.example # theirs\n');
    return putInPlace(target, before, text);
  });
  expect(outcome).toBe('written');
  expect(readFileSync(file, 'utf8')).toBe(`domain: new.example # theirs\n${lines.join('')}`);
  expect(readdirSync(folder)).toEqual(['values.yaml']);
});

it('gives up on a file that changes every time, and leaves it as the other wrote it', async () => {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, 'n: 0\n');
  let rivals = 0;
  const writing = writeValues(file, values, async (target, before, text) => {
    writeFileSync(target, `n: ${(rivals += 1)}\n`);
    return putInPlace(target, before, text);
  });
  await expect(writing).rejects.toThrow('changed it at the same moment, 3 times');
  expect(readFileSync(file, 'utf8')).toBe('n: 3\n');
  expect(readdirSync(folder)).toEqual(['values.yaml']);
});

it('leaves no draft when the move fails', async () => {
  const file = join(folder, 'values.yaml');
  mkdirSync(join(file, 'full'), { recursive: true });
  await expect(putInPlace(file, undefined, 'text')).rejects.toThrow('EISDIR');
  expect(readdirSync(folder)).toEqual(['values.yaml']);
});

it('leaves the file to its owner', async () => {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, 'a: 1\n');
  // Only root can give a file to somebody else.
  const [uid, gid] = process.geteuid?.() === 0 ? [1234, 4321] : [statSync(file).uid, statSync(file).gid];
  chownSync(file, uid, gid);
  await writeValues(file, values);
  expect(statSync(file)).toMatchObject({ uid, gid });
});

it.each(['up', 'images'])('%s refuses before it starts anything that could not be written afterwards', async (verb) => {
  const output = join(folder, 'output');
  mkdirSync(output);
  writeFileSync(join(output, 'values.yaml'), 'controllerManagerFederationName: myfederation\n', { mode: 0o444 });
  const build = { source: '.', binaries: ['true'], push: { registry: 'r.example' } };
  const images = { etcd: { image: 'r.example/etcd:3.6.8' }, build };
  const spec = { host: { context: 'host' }, images, clusters: [] };
  const file = { apiVersion: 'fedctl/v1alpha1', kind: 'Federation', metadata: { name: 'myfederation' }, spec };
  writeFileSync(join(folder, 'federation.yaml'), JSON.stringify(file));
  const io = fakeIo({ cwd: folder, env: { FEDERATION_OUTPUT_ROOT: output, TEMPORAL_ADDRESS: '127.0.0.1:1' } });
  const argv = [verb, ...(verb === 'images' ? ['push'] : []), '-f', join(folder, 'federation.yaml')];
  await expect(runCli(argv, io)).rejects.toMatchObject({
    exitCode: 7,
    message: expect.stringContaining('values.yaml could not be written after the push: it is read-only (mode 444)'),
  });
});
