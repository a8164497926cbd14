import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { runCli } from '../../../src/cli/program.ts';
import { shells } from '../../../src/cli/views/completion-scripts.ts';
import { candidates, type CompletionSource } from '../../../src/cli/reads/complete.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';

const env = { HOME: '/nonexistent', KUBECONFIG: '/nonexistent/config', TEMPORAL_ADDRESS: '127.0.0.1:1' };

async function complete(...words: string[]): Promise<string[]> {
  const io = fakeIo({ env });
  expect(await runCli(['__complete', '--', ...words], io)).toBe(0);
  expect(io.err).toEqual([]);
  return io.out.join('\n').split('\n').filter(Boolean);
}

describe('fedctl __complete', () => {
  it('completes commands, flags, subcommands and steps', async () => {
    expect(await complete('st')).toEqual(['status']);
    expect(await complete('')).toContain('plan');
    expect(await complete('up', '--pr')).toEqual(['--prune']);
    expect(await complete('sandbox', 'd')).toEqual(['down']);
    expect(await complete('explain', 'apiserver/a')).toEqual(['apiserver/address']);
    expect(await complete('retry', 'f', 'etcd/')).toEqual(['etcd/claim']);
    expect(await complete('completion', 'z')).toEqual(['zsh']);
  });

  it('says nothing where a file is to be named, for an unknown command, and without a Temporal server', async () => {
    expect(await complete('up', '-f', '')).toEqual([]);
    expect(await complete('nonsense', '')).toEqual([]);
    expect(await complete('status', '')).toEqual([]);
  });

  const source: CompletionSource = {
    verbs: ['status'],
    load: async (verb) => {
      const { verbs } = await import('../../../src/cli/verbs.ts');
      const command = (await import('commander')).createCommand(verb);
      (await verbs[verb as keyof typeof verbs].load())(command, { io: fakeIo(), exitCode: 0 });
      return command;
    },
    federations: async () => ['mine', 'yours'],
    steps: async () => ['host/record'],
    run: async (name) =>
      name === 'mine' ? { members: ['eu', 'us'], steps: ['clusters/eu/ready', 'dns/zone'] } : undefined,
    contexts: async () => ['gke_eu', 'kind'],
  };

  it.each([
    ['names of federations', ['status', 'm'], ['mine']],
    ['members, where one leaves', ['unjoin', 'mine', 'e'], ['eu']],
    ['members, where one is given up', ['down', 'mine', '--forget', ''], ['eu', 'us']],
    ['steps of the run, by the names of its members', ['retry', 'mine', 'clusters/'], ['clusters/eu/ready']],
    ['steps of the catalogue, when nobody knows the run', ['skip', 'yours', ''], ['host/record']],
    ['contexts', ['down', 'mine', '--context', 'k'], ['kind']],
    ['words of a flag that has a few', ['down', 'mine', '--volumes', ''], ['delete', 'keep']],
    ['formats', ['status', 'mine', '-o', 'y'], ['yaml']],
    ['nothing where a file is to be named', ['up', '-f', ''], []],
  ])('completes %s', async (_what, words, expected) => {
    expect(await candidates(words, source)).toEqual(expected);
  });

  it('is silent when names cannot be had', async () => {
    const broken = { ...source, federations: () => Promise.reject(new Error('no')) };
    expect(await candidates(['status', ''], broken)).toEqual([]);
  });
});

describe('fedctl completion', () => {
  it.each(shells)('prints what %s sources, which asks __complete', async (shell) => {
    const io = fakeIo({ env });
    expect(await runCli(['completion', shell], io)).toBe(0);
    expect(io.out.join('\n')).toContain('fedctl __complete --');
  });

  it('works in a real bash', () => {
    const root = new URL('../../../', import.meta.url).pathname;
    const script = [
      `PATH=${root}:$PATH`,
      'source <(fedctl completion bash)',
      'COMP_WORDS=(fedctl sandbox d); COMP_CWORD=2; _fedctl; echo "${COMPREPLY[*]}"',
      'COMP_WORDS=(fedctl explain etcd/); COMP_CWORD=2; _fedctl; echo "${COMPREPLY[*]}"',
    ].join('\n');
    const said = execFileSync('bash', ['-c', script], { env: { ...process.env, ...env }, encoding: 'utf8' });
    expect(said.split('\n').filter(Boolean)).toEqual(['down', 'etcd/claim']);
  }, 30_000);
});
