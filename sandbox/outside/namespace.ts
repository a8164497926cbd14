import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Layout } from '../layout.ts';
import { run, succeeds } from '../run.ts';
import { endProcess, type ProcessId, rememberedProcess, rememberProcess } from './processes.ts';

const initFile = ({ state }: Layout): string => join(state, 'init.pid');
const main = fileURLToPath(new URL('../inside/main.ts', import.meta.url));

/** Process 1 of a sandbox, seen from outside, while it runs. */
export const initOf = (layout: Layout): Promise<ProcessId | undefined> => rememberedProcess(initFile(layout));

/** The first child of a process; unshare has just one. */
async function childOf(pid: number): Promise<number> {
  for (const end = Date.now() + 10_000; Date.now() < end; await delay(20)) {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    const [first] = text.trim().split(' ');
    if (first) return Number(first);
  }
  throw new Error('unshare started no process; does this machine allow namespaces?');
}

/**
 * Starts process 1 in network, process and mount namespaces of its own and lays the cable to it. Everything inside ends
 * with process 1, whoever kills it.
 */
export async function startNamespace(layout: Layout, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(join(layout.state, 'logs'), { recursive: true });
  const log = openSync(join(layout.state, 'logs', 'sandbox.log'), 'a');
  const unshare = ['--net', '--pid', '--mount', '--fork', '--kill-child=KILL', '--mount-proc', '--propagation=private'];
  const argv = [
    ...unshare,
    'tini',
    '-g',
    '--',
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    main,
    layout.state,
  ];
  const child = spawn('unshare', argv, { detached: true, stdio: ['ignore', log, log], env });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
  const init = await childOf(child.pid ?? 0);
  await rememberProcess(initFile(layout), init);
  await layCable(layout, init);
}

async function layCable({ outside, inside, subnet }: Layout, init: number): Promise<void> {
  const ip = (text: string): Promise<string> => run(['ip', ...text.split(' ')]);
  await ip(`link add ${outside.device} type veth peer name ${inside.device}`);
  await ip(`link set ${inside.device} netns ${init}`);
  await ip(`addr add ${outside.address}/30 dev ${outside.device}`);
  await ip(`link set ${outside.device} up`);
  await ip(`route add ${subnet} via ${inside.address}`);
}

/** Kills process 1 and with it all the others; waits until its device, and so the route, is gone. */
export async function endNamespace(layout: Layout): Promise<void> {
  const init = await initOf(layout);
  if (init) await endProcess(init, 0);
  const { device } = layout.outside;
  for (const end = Date.now() + 10_000; await succeeds(['ip', 'link', 'show', device]); await delay(50)) {
    // The kernel takes a namespace apart in its own time; a device it has forgotten is ours to remove.
    if (Date.now() > end) await succeeds(['ip', 'link', 'delete', device]);
  }
}
