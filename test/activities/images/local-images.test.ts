import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { keptImages } from '../../../activities/images/local-images.ts';
import { imageRun } from '../../helpers/images/image-run.ts';
import { imageWorld, type ImageWorld } from '../../helpers/images/image-world.ts';
import { type Registry, startRegistry } from '../../helpers/images/registry.ts';

/** What a builder keeps of what it built: a real engine, runs that open and end. */
describe('images that were built', () => {
  let registry: Registry;
  let machine: ImageWorld;
  let stateFolder: string;
  /** Runs that have ended. */
  let ended: Set<string>;
  beforeAll(async () => void (registry = await startRegistry()), 60_000);
  afterAll(async () => {
    await registry?.stop();
    machine?.remove();
  });
  beforeEach(() => {
    machine?.remove();
    machine = imageWorld();
    stateFolder = mkdtempSync(join(machine.folder, 'state-'));
    ended = new Set();
  });

  const runOf = (firstRunId: string, folder = stateFolder) =>
    imageRun(machine, {}, { stateFolder: folder, firstRunId, isOpen: async (id) => !ended.has(id) });
  const specOf = (source: string): object => ({
    build: { source, binaries: ['true'], engine: 'buildah', push: { registry: registry.name } },
  });
  /** Builds a source of its own in a run of its own; answers what the push needs. */
  async function buildIn(run: string, folder = stateFolder) {
    const spec = specOf(machine.source());
    const { facts, outcome } = await runOf(run, folder).build(spec);
    expect(outcome).toBe('created');
    return { tag: facts.tag, push: () => runOf(run, folder).push(spec, facts), again: () => runOf(run).build(spec) };
  }
  const names = (): string[] =>
    (
      JSON.parse(execFileSync('buildah', ['images', '--json'], { env: machine.env }).toString()) as {
        names: string[] | null;
      }[]
    ).flatMap(({ names }) => names ?? []);
  const tags = (): string[] => names().map((name) => name.replace(/^localhost\/fedctl-[0-9a-f]{8}:/, ''));

  it('are kept while a run needs them, however old, and then the latest few', async () => {
    const parked = await buildIn('parked');
    const others = [];
    for (let n = 0; n < keptImages + 2; n += 1) {
      const one = await buildIn(`run-${n}`);
      expect((await one.push()).outcome).toBe('created');
      others.push(one.tag);
    }
    expect(tags().sort()).toEqual([parked.tag, ...others.slice(-keptImages)].sort());
    // The oldest of all can still be pushed; now nobody needs it.
    expect((await parked.push()).outcome).toBe('created');
    const last = await buildIn('last');
    expect(tags().sort()).toEqual([...others.slice(1 - keptImages), last.tag].sort());
  }, 120_000);

  it('go with a run that ended without its push', async () => {
    const first = await buildIn('cancelled');
    for (let n = 0; n < keptImages; n += 1) await (await buildIn(`run-${n}`)).push();
    expect(tags()).toContain(first.tag);
    ended.add('cancelled');
    await buildIn('last');
    expect(tags()).not.toContain(first.tag);
    expect(tags()).toHaveLength(keptImages);
  }, 120_000);

  it('are as young as their last use', async () => {
    const first = await buildIn('first');
    await first.push();
    for (let n = 1; n < keptImages; n += 1) await (await buildIn(`run-${n}`)).push();
    expect((await first.again()).outcome).toBe('kept');
    await first.push();
    await buildIn('last');
    expect(tags()).toContain(first.tag);
  }, 120_000);

  it('of another builder, or of anybody else, are not touched', async () => {
    const source = machine.source();
    const theirs = ['build', '--isolation', 'chroot', '-t', 'localhost/fedctl:mine', source];
    execFileSync('buildah', theirs, { env: machine.env, stdio: 'ignore' });
    const other = await buildIn('other', mkdtempSync(join(machine.folder, 'state-')));
    await other.push();
    for (let n = 0; n < keptImages + 1; n += 1) await (await buildIn(`run-${n}`)).push();
    expect(names()).toContain('localhost/fedctl:mine');
    expect(tags()).toContain(other.tag);
    expect(tags()).toHaveLength(keptImages + 2);
  }, 120_000);

  it('stay when the server does not tell whether their run is open', async () => {
    const parked = await buildIn('parked');
    const silent = (n: number) =>
      imageRun(machine, {}, { stateFolder, firstRunId: `run-${n}`, isOpen: () => Promise.reject(new Error('away')) });
    for (let n = 0; n < keptImages + 1; n += 1) await silent(n).build(specOf(machine.source()));
    expect(tags()).toContain(parked.tag);
    expect(tags()).toHaveLength(keptImages + 2);
  }, 120_000);

  it('leave the build as it is when the engine does not let them go', async () => {
    const bin = mkdtempSync(join(machine.folder, 'bin-'));
    const script = '#!/bin/sh\n[ "$1" = rmi ] && { echo "in use" >&2; exit 2; }\nexec /usr/bin/buildah "$@"\n';
    writeFileSync(join(bin, 'buildah'), script, { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env['PATH']}` };
    ended.add('stubborn');
    for (let n = 0; n < keptImages + 2; n += 1) {
      const run = imageRun(machine, env, { stateFolder, firstRunId: 'stubborn', isOpen: async (id) => !ended.has(id) });
      expect((await run.build(specOf(machine.source()))).outcome).toBe('created');
    }
    expect(tags()).toHaveLength(keptImages + 2);
    expect(readdirSync(join(stateFolder, 'builds/images'))).toHaveLength(keptImages + 2);
    await buildIn('stubborn');
    expect(tags()).toHaveLength(keptImages);
    expect(readdirSync(join(stateFolder, 'builds/images'))).toHaveLength(keptImages);
  }, 120_000);
});
