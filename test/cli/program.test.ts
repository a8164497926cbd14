import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CliError, exit } from '../../src/cli/io/exit.ts';
import { errorLines } from '../../src/cli/views/print-error.ts';
import { runCli } from '../../src/cli/program.ts';
import { verbs } from '../../src/cli/verbs.ts';
import { maxFileBytes } from '../../src/spec/sources/limits.ts';
import { badSpecs } from '../spec/bad-specs.ts';
import { expectGolden } from '../helpers/common/golden.ts';
import { fakeIo } from '../helpers/terminal/fake-io.ts';

/** One command line as main.ts runs it: exit code, stdout, stderr. */
const fedctl = (...argv: string[]) =>
  // Port 1 on loopback answers nothing; no kubeconfig, no profile of the machine is read.
  fedctlIn({ HOME: '/nonexistent', KUBECONFIG: '/nonexistent/config', TEMPORAL_ADDRESS: '127.0.0.1:1' }, ...argv);

async function fedctlIn(
  env: NodeJS.ProcessEnv,
  ...argv: string[]
): Promise<{ code: number; out: string; err: string }> {
  const io = fakeIo({ env });
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
    expect(out).toMatch(/^Examples:\n {2}\S/m);
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

  it('is told of every bad spec with its place, and nothing is asked of any server', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedctl-cli-'));
    let asked = 0;
    const server = createServer((socket) => {
      asked += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const cluster = { name: 'host', cluster: { server: `http://127.0.0.1:${port}` } };
    const context = { name: 'host', context: { cluster: 'host', user: 'host' } };
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify({ clusters: [cluster], contexts: [context], 'current-context': 'host' }));
    const env = { HOME: folder, KUBECONFIG: kubeconfig, TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
    try {
      for (const { name, text, expect: wanted } of badSpecs) {
        const file = join(folder, 'federation.yaml');
        writeFileSync(file, text);
        for (const verb of ['up', 'plan', 'check']) {
          const { code, err } = await fedctlIn(env, verb, '-f', file);
          expect({ name, verb, code }).toEqual({ name, verb, code: exit.usage });
          const place = text.length > maxFileBytes ? 'larger than 1 MiB' : `${file}:${wanted.split(' ')[0]}`;
          expect(err).toContain(place);
          expect(err).not.toMatch(/^\s+at \S+ \(/m);
        }
      }
      expect(badSpecs.length).toBeGreaterThan(60);
      expect(asked).toBe(0);
    } finally {
      server.close();
    }
  }, 120_000);
});

describe('what a person can fix', () => {
  it('shows no stack trace: a context that is not there, a host that is down', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedctl-cli-'));
    const kubeconfig = join(folder, 'kubeconfig');
    const cluster = { name: 'host', cluster: { server: 'http://127.0.0.1:1' } };
    const context = { name: 'host', context: { cluster: 'host', user: 'host' } };
    writeFileSync(kubeconfig, JSON.stringify({ clusters: [cluster], contexts: [context], 'current-context': 'host' }));
    const broken = join(folder, 'broken');
    writeFileSync(broken, 'contexts: [{name: a\n');
    const lines = [
      'objects f',
      'kubeconfig f',
      'logs f',
      'plan -f examples/minimal.yaml',
      'check -f examples/minimal.yaml',
    ];
    const asked = lines.flatMap((line) =>
      [kubeconfig, broken, '/nonexistent/config'].map(async (file) => {
        const env = { HOME: '/nonexistent', KUBECONFIG: file, TEMPORAL_ADDRESS: '127.0.0.1:1' };
        return { line, file, ...(await fedctlIn(env, ...line.split(' '))) };
      }),
    );
    for (const { line, file, code, err } of await Promise.all(asked)) {
      expect({ line, file, bug: code === exit.bug, stack: /^\s+at /m.test(err), err }).toMatchObject({
        bug: false,
        stack: false,
      });
    }
  }, 60_000);
});

describe('questions that cannot be answered', () => {
  it('check ends with 3 and says so on stdout; plan ends with 1, which is no 2', async () => {
    const check = await fedctl('check', '-f', 'examples/minimal.yaml', '-o', 'json');
    expect(check.code).toBe(exit.checkFailed);
    expect(JSON.parse(check.out)).toMatchObject({ ok: false });
    const plan = await fedctl('plan', '-f', 'examples/minimal.yaml', '--detailed-exitcode');
    expect([plan.code, plan.out]).toEqual([exit.failed, '']);
  }, 60_000);
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
    expect(err).toMatch(/the state of f is not known/);
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
