import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CliError } from '../../../src/cli/io/exit.ts';
import { plain, type Io } from '../../../src/cli/io/io.ts';
import { readSpecFile } from '../../../src/cli/files/spec-file.ts';
import { assertValues } from '../../../src/cli/runs/operator-files.ts';
import { distributions } from '../../../src/distributions/table.ts';
import { checkImageOf } from '../../../src/kubernetes/in-cluster.ts';
import { neededImages } from '../../../src/plan/image-list.ts';
import { small } from '../../helpers/distributions/small/record.ts';
import { head } from '../../spec/bad-specs.ts';

let cwd: string;
let notes: string[];
const io = (env: Record<string, string> = {}): Io => ({
  env,
  cwd,
  live: false,
  interactive: false,
  paint: plain,
  paintResult: plain,
  size: () => ({ columns: 80, rows: 24 }),
  resultColumns: () => 80,
  result: () => undefined,
  note: (text) => void notes.push(text),
  write: () => undefined,
  ask: () => Promise.reject(new Error('nobody is asked')),
});
const write = (file: string, text: string): Promise<void> => writeFile(join(cwd, file), text);
const refusal = async (file: string, env?: Record<string, string>): Promise<CliError> => {
  const error: unknown = await readSpecFile(io(env), file).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CliError)) throw new Error(`${file} was taken, or broke: ${String(error)}`);
  return error;
};

beforeEach(async () => {
  notes = [];
  cwd = await mkdtemp(join(tmpdir(), 'fedctl-spec-'));
});
afterEach(() => rm(cwd, { recursive: true }));

describe('readSpecFile', () => {
  it('resolves paths against the folder of the file, and digests the spec without', async () => {
    const text = head.replace('context: host', 'context: host\n    kubeconfig: kube/config');
    await write('federation.yaml', text);
    const file = await readSpecFile(io(), 'federation.yaml');
    expect(file.host).toEqual({ context: 'host', namespace: 'federation', kubeconfig: join(cwd, 'kube/config') });
    expect(file.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('takes a file of a distribution that has no section images, and lists what its turn-up pulls', async () => {
    const lines = ['  distribution: small', '  host: {context: host, kubeconfig: k}', '  small: {}', ''];
    await write('federation.yaml', [head.slice(0, head.indexOf('  host:')).trimEnd(), ...lines].join('\n'));
    const { images: _images, ...sections } = small.spec.sections;
    const bare = { ...small, images: () => [], spec: { ...small.spec, sections } };
    const table = { ...distributions, small: bare };
    const { spec, host, digest } = await readSpecFile(io(), 'federation.yaml', table);
    expect(spec).not.toHaveProperty('images');
    expect(host).toEqual({ context: 'host', namespace: 'small', kubeconfig: join(cwd, 'k') });
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const check = { image: checkImageOf(spec), usedBy: ['check'], built: false };
    expect(neededImages(spec, table)).toEqual([check]);
    await assertValues(io({ FEDERATION_OUTPUT_ROOT: '/dev/null/none' }), spec);
  });

  it('prints every problem with its place, and what to do under it', async () => {
    await write('bad.yaml', `${head}  etdc: {}\n  policy: {blockedFor: 0s}\n`);
    const error = await refusal('bad.yaml');
    expect(error.exitCode).toBe(64);
    expect(error.code).toBe('SPEC_INVALID');
    expect(error.message.split('\n')).toEqual([
      '2 problems in bad.yaml',
      'bad.yaml:15:3: spec.etdc: is not a field of the spec',
      expect.stringContaining('    did you mean etcd?'),
      'bad.yaml:16:24: spec.policy.blockedFor: is zero',
      '    more than 0, at most 365d',
    ]);
  });

  it('says by the code when only something is not built yet', async () => {
    await write('federation.yaml', `${head}  distribution: karmada\n`);
    expect(await refusal('federation.yaml')).toMatchObject({ code: 'NOT_BUILT_YET', exitCode: 64 });
  });

  it('reads values.yaml of FEDERATION_OUTPUT_ROOT, and names both places where they differ', async () => {
    await write('federation.yaml', head);
    await write('values.yaml', 'apiserverVersion: v1.4.0\napiserverToken: s3cret\n');
    const error = await refusal('federation.yaml', { FEDERATION_OUTPUT_ROOT: cwd });
    expect(error.message).toContain(`${join(cwd, 'values.yaml')}:1:19: apiserverVersion: v1.4.0 here`);
    expect(error.message).toContain('federation.yaml:11:16');
    await write('values.yaml', 'apiserverToken: s3cret\n');
    await readSpecFile(io({ FEDERATION_OUTPUT_ROOT: cwd }), 'federation.yaml');
    expect(notes.join()).toContain('apiserverToken is a secret in plain text');
    expect(notes.join()).not.toContain('s3cret');
  });

  it('needs no values.yaml in that folder', async () => {
    await write('federation.yaml', head);
    const file = await readSpecFile(io({ FEDERATION_OUTPUT_ROOT: join(cwd, 'none') }), 'federation.yaml');
    expect(file.federation).toBe('myfederation');
  });

  it.each([
    ['a file that is not there', 'none.yaml', 'none.yaml cannot be read: ENOENT'],
    ['a folder', '.', '. cannot be read: EISDIR'],
    ['a file without an end', '/dev/zero', '/dev/zero cannot be read: it is larger than 1 MiB, which no spec is'],
  ])('refuses %s', async (_what, file, message) => {
    expect(await refusal(file)).toMatchObject({ exitCode: 64, message });
  });
});
