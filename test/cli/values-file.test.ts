import {
  chmodSync,
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
import { valuesPath, writeValues } from '../../src/cli/values-file.ts';

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
  await expect(writeValues(file, values)).rejects.toThrow('no YAML');
  expect(readFileSync(file, 'utf8')).toBe('a: [\n');
});
