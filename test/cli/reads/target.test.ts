import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { hostOfTarget } from '../../../src/cli/reads/host.ts';
import { resolveTarget, type TargetOptions } from '../../../src/cli/reads/target.ts';
import type { HostRef } from '../../../src/catalogue/call.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';

const cwd = mkdtempSync(join(tmpdir(), 'fedctl-target-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const write = (name: string, text: string): string => {
  writeFileSync(join(cwd, name), text);
  return join(cwd, name);
};
const current = (context: string): string => `{apiVersion: v1, kind: Config, current-context: ${context}}\n`;
const file = write(
  'federation.yaml',
  `apiVersion: fedctl/v1alpha1
kind: Federation
metadata: {name: f}
spec:
  host: {context: of-the-file, namespace: of-the-file}
  images:
    apiserver: &image {registry: r.example, version: v1.5.0}
    controllerManager: *image
  clusters: []
`,
);
// A profile that is not there: no connection is tried.
const env = { KUBECONFIG: write('mine', current('mine')), HOME: '/nonexistent', TEMPORAL_PROFILE: 'none' };
const other = write('other', current('other'));

/** The host cluster that flags name; Temporal is away, so no run's memo tells. */
async function hostOf(name: string | undefined, options: TargetOptions): Promise<HostRef> {
  const io = fakeIo({ env, cwd });
  return hostOfTarget(io, await resolveTarget(io, name, options));
}

describe('the host cluster of a command that takes NAME', () => {
  it.each<[string, TargetOptions, HostRef]>([
    ['nothing', {}, { context: 'mine', namespace: 'federation' }],
    ['--namespace', { namespace: 'n' }, { context: 'mine', namespace: 'n' }],
    ['--kubeconfig', { kubeconfig: 'other' }, { context: 'other', kubeconfig: other, namespace: 'federation' }],
    ['--context', { context: 'c' }, { context: 'c', namespace: 'federation' }],
    [
      'all three',
      { context: 'c', kubeconfig: 'other', namespace: 'n' },
      { context: 'c', kubeconfig: other, namespace: 'n' },
    ],
  ])('is, with %s, laid over the current context', async (_flags, options, host) => {
    expect(await hostOf('f', options)).toEqual(host);
  });

  it('is that of the file, with the flags laid over it', async () => {
    expect(await hostOf(undefined, { file })).toEqual({ context: 'of-the-file', namespace: 'of-the-file' });
    const flags = { namespace: 'n', kubeconfig: 'other' };
    expect(await hostOf('f', { file, ...flags })).toEqual({
      context: 'of-the-file',
      namespace: 'n',
      kubeconfig: other,
    });
  });

  it('is asked for when nothing names it', async () => {
    const io = fakeIo({ env: { ...env, KUBECONFIG: join(cwd, 'none') }, cwd });
    const target = await resolveTarget(io, 'f', { namespace: 'n' });
    await expect(hostOfTarget(io, target)).rejects.toThrow('where is the host cluster of f?');
  });
});
