import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { sandboxDown, sandboxEnvironment, sandboxStatus, sandboxUp } from '../../sandbox/index.ts';
import { layoutOf } from '../../sandbox/layout.ts';
import { existingFolders } from '../../sandbox/outside/cgroups.ts';
import { initOf } from '../../sandbox/outside/namespace.ts';
import { run } from '../../sandbox/run.ts';
import { eventually, sandboxId } from './world.ts';

/** A second one, beside the one that the other tests use. */
const id = sandboxId + 100;
const layout = layoutOf(id);

interface Process {
  pid: number;
  line: string;
}

/** Processes whose command line has something to do with a folder. */
async function processesOf(folder: string): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = pids.map(async (pid) => ({
    pid: Number(pid),
    line: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
  }));
  return (await Promise.all(all)).filter(({ line }) => line.includes(folder));
}

/** The controllers of a member, if they run. */
const controllersOf = async (member: string): Promise<number | undefined> => {
  const parts = await processesOf(join(layoutOf(sandboxId).state, 'kwok/clusters', member));
  return parts.find(({ line }) => line.split('\0')[0]?.endsWith('/kube-controller-manager'))?.pid;
};

describe('the sandbox', () => {
  it('stands beside another, ends with its process 1, starts afresh, and leaves nothing', async () => {
    await sandboxUp({ id, members: 1 });
    expect(await sandboxStatus({ id })).toMatchObject({ phase: 'ready' });
    expect(await sandboxStatus({ id: sandboxId })).toMatchObject({ phase: 'ready' });
    const { KUBECONFIG = '' } = await sandboxEnvironment({ id });
    const nodes = await run(['kubectl', `--kubeconfig=${KUBECONFIG}`, 'get', 'nodes', '-o', 'name']);
    expect(nodes.trim()).toBe('node/host-node');

    const init = await initOf(layout);
    process.kill(init?.pid ?? 0, 'SIGKILL');
    await eventually(async () => (await sandboxStatus({ id })).phase === 'dead', 'seen as dead');
    await expect(sandboxEnvironment({ id })).rejects.toThrow('does not stand');
    const lines: string[] = [];
    await sandboxUp({ id, members: 0, log: (line) => lines.push(line) });
    expect(lines.join('\n')).toContain('starts afresh');

    await sandboxDown({ id });
    expect(existsSync(layout.state)).toBe(false);
    expect(await existingFolders(layout.cgroup)).toEqual([]);
    expect(await processesOf(layout.state)).toEqual([]);
    expect(await run(['ip', '-brief', 'link'])).not.toContain(layout.outside.device);
    expect(await run(['ip', 'route'])).not.toContain(layout.subnet);
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(layout.state);
    expect(await sandboxStatus({ id })).toMatchObject({ phase: 'absent', parts: [] });
    expect(await sandboxStatus({ id: sandboxId })).toMatchObject({ phase: 'ready' });
    await sandboxDown({ id });
  }, 240_000);

  it('starts a part of a member again that ended by itself', async () => {
    const pid = await eventually(() => controllersOf('member-1'), 'the controllers of member-1 run');
    process.kill(pid, 'SIGKILL');
    const next = await eventually(async () => {
      const now = await controllersOf('member-1');
      return now !== pid && now;
    }, 'other controllers of member-1 run');
    expect(next).not.toBe(pid);
  }, 120_000);
});
