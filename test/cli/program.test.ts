import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CliError, exit } from '../../src/cli/exit.ts';
import { errorLines } from '../../src/cli/print-error.ts';
import { runCli } from '../../src/cli/program.ts';
import { verbs } from '../../src/cli/verbs.ts';
import { expectGolden } from '../helpers/golden.ts';
import { fakeIo } from '../helpers/fake-io.ts';

/** One command line as main.ts runs it: exit code, stdout, stderr. */
async function fedctl(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  // Port 1 on loopback answers nothing; no kubeconfig, no profile of the machine is read.
  const io = fakeIo({
    env: { HOME: '/nonexistent', KUBECONFIG: '/nonexistent/config', TEMPORAL_ADDRESS: '127.0.0.1:1' },
  });
  let code: number;
  try {
    code = await runCli(argv, io);
  } catch (error) {
    for (const line of errorLines(error, io)) io.note(line);
    code = error instanceof CliError ? error.exitCode : exit.bug;
  }
  return { code, out: io.out.join('\n'), err: io.err.join('\n') };
}

const names = Object.keys(verbs);

describe('help', () => {
  it('of the program lists every command with a line about it', async () => {
    const { code, out, err } = await fedctl('--help');
    expect([code, err]).toEqual([exit.done, '']);
    for (const name of names) expect(out).toMatch(new RegExp(`^ {2}${name} .*[a-z]`, 'm'));
    expectGolden('cli/help.txt', out);
    expect((await fedctl()).out).toBe(out);
  });

  it.each(names)('of %s stays within 80 columns and is the same by both ways', async (name) => {
    const { code, out, err } = await fedctl(name, '--help');
    expect([code, err]).toEqual([exit.done, '']);
    expect(out).toMatch(new RegExp(`^Usage: fedctl ${name}`));
    const wide = out.split('\n').filter((line) => line.length > 80 && !/^ {2}(fedctl|the control plane:) /.test(line));
    expect(wide).toEqual([]);
    expect((await fedctl('help', name)).out).toBe(out);
  });

  it.each(['up', 'down', 'status'])('of %s is as it was looked at', async (name) => {
    expectGolden(`cli/help-${name}.txt`, (await fedctl(name, '--help')).out);
  });
});

describe('a command line that is wrong', () => {
  it.each([
    [['stauts'], 'there is no command stauts', 'did you mean status?'],
    [['upp', '--help'], 'there is no command upp', 'did you mean up?'],
    [['help', 'explian'], 'there is no command explian', 'did you mean explain?'],
    [['frobnicate'], 'there is no command frobnicate', 'fedctl --help'],
    [['--nope'], "unknown option '--nope'", 'fedctl --help'],
    [['up', '--fil', 'x'], "unknown option '--fil'", 'fedctl up --help'],
    [['up'], 'which file?', '-f'],
    [['up', '-f', 'x', '--timeout', 'soon'], '--timeout soon', '30s or 10m'],
    [['up', '-f', 'x', '-o', 'xml'], '-o xml', 'table, json, yaml, jsonl'],
    [['up', '-f', '/nonexistent/federation.yaml'], '/nonexistent/federation.yaml', 'ENOENT'],
    [['status'], 'which federation?', 'fedctl list'],
    [['status', 'f', '-o', 'jsonl'], '-o jsonl', '--watch'],
    [['down', 'f'], 'no terminal to ask on', 'fedctl down f --yes --volumes keep|delete'],
    [['down', 'f', '--yes'], '--volumes keep', '--volumes delete'],
    [['down', 'f', '--yes', '--volumes', 'burn'], '--volumes burn', 'keep, delete'],
    [['skip', 'f'], "missing required argument 'step'", 'fedctl skip --help'],
    [['explain', 'apiserver/adress'], 'there is no step apiserver/adress', 'apiserver/address'],
  ])('%j ends with 64, says what is wrong and the way out', async (argv, wrong, wayOut) => {
    const { code, out, err } = await fedctl(...argv);
    expect([code, out]).toEqual([exit.usage, '']);
    expect(err.split('\n')[0]).toContain(wrong);
    expect(err).toContain(wayOut);
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('is told of a spec with its place, and nothing was asked of any server', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'fedctl-cli-')), 'federation.yaml');
    writeFileSync(file, 'apiVersion: fedctl/v1alpha1\nkind: Federation\nmetadata: {name: f}\nspec: {hots: {}}\n');
    const { code, err } = await fedctl('up', '-f', file);
    expect(code).toBe(exit.usage);
    expect(err).toContain('hots');
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe('without a Temporal server', () => {
  // Side by side: each waits until the server has had its time to answer.
  it('every command that needs one ends with 1, names the address and how to get one', async () => {
    const lines = ['list', 'retry f', 'skip f s', 'pause f', 'resume f', 'cancel f', 'down f --yes --volumes keep'];
    const answers = await Promise.all(lines.map(async (line) => ({ line, ...(await fedctl(...line.split(' '))) })));
    for (const { line, code, out, err } of answers) {
      expect({ line, code, out }).toEqual({ line, code: exit.failed, out: '' });
      expect(err).toMatch(/no Temporal server answers at 127\.0\.0\.1:1/);
      expect(err).toContain('fedctl sandbox env');
      expect(err).not.toMatch(/^\s+at /m);
    }
  }, 20_000);

  it('and without a host cluster, status says whom it asked', async () => {
    const { code, out, err } = await fedctl('status', 'f', '-o', 'json');
    expect([code, out]).toEqual([exit.failed, '']);
    expect(err).toMatch(/no Temporal server answers at 127\.0\.0\.1:1/);
    expect(err).toMatch(/nothing is known of f/);
    expect(err).toMatch(/the host cluster could not be asked/);
  }, 20_000);
});

describe('explain', () => {
  it('shows every step, and one in full', async () => {
    const all = await fedctl('explain');
    expect(all.out).toMatch(/^apiserver\/address +\S/m);
    const one = await fedctl('explain', 'clusters/member-1/ready', '-o', 'json');
    expect(one.code).toBe(exit.done);
    expect(JSON.parse(one.out)).toMatchObject({ id: 'clusters/{cluster}/ready' });
    expectGolden('cli/explain-address.txt', (await fedctl('explain', 'apiserver/address')).out);
  });
});
