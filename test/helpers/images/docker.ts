import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A docker daemon of the test's own, on a socket and a data root that go with it. */
export interface Docker {
  /** What finds it: DOCKER_HOST. */
  env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Starts Debian's dockerd without a bridge and without rules of its own for the machine's network. */
export async function startDocker(): Promise<Docker> {
  // Sockets have short names: not below a folder of a long path.
  const folder = mkdtempSync(join(tmpdir(), 'fedctl-dk-'));
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('data'));
  const host = `unix://${at('sock')}`;
  const flags = {
    host,
    'data-root': at('data'),
    'exec-root': at('exec'),
    pidfile: at('pid'),
    'storage-driver': 'vfs',
    iptables: 'false',
    bridge: 'none',
    'oom-score-adjust': '0',
  };
  const argv = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  const child = spawn('dockerd', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (log = `${log}${chunk.toString()}`.slice(-4_000)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for (const until = Date.now() + 60_000; !log.includes('API listen on'); await delay(50)) {
    if (child.exitCode === null && Date.now() < until) continue;
    child.kill('SIGKILL');
    throw new Error(`no docker daemon: ${log}`);
  }
  return {
    env: { DOCKER_HOST: host },
    stop: async () => {
      child.kill('SIGTERM'); // it ends its containerd and unmounts what it mounted
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
