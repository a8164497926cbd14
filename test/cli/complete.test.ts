import { describe, expect, it } from '@jest/globals';
import { runCli } from '../../src/cli/program.ts';
import { shells } from '../../src/cli/completion-scripts.ts';
import { candidates, type CompletionSource } from '../../src/cli/complete.ts';
import { fakeIo } from '../helpers/fake-io.ts';

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

  it('completes names of federations, and is silent when they cannot be had', async () => {
    const source: CompletionSource = {
      verbs: ['status'],
      load: async () => (await import('commander')).createCommand('status'),
      federations: async () => ['mine', 'yours'],
      steps: async () => [],
    };
    expect(await candidates(['status', 'm'], source)).toEqual(['mine']);
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
});
