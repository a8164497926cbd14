import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Clusters that stand within seconds, and what is beside them; all on loopback. */
export interface QuickWorld {
  members: string[];
  /** Audit log of each cluster. */
  audits: Record<string, string>;
  /** host:port of a registry. */
  registry: string;
  /** Folder that an image can be built of. */
  source: string;
  /** A DNS server: its API, and where it answers. */
  dns: { url: string; address: string };
  /** For a shell or a worker. */
  env: Record<string, string>;
}

const main = join(import.meta.dirname, 'main.ts');

/**
 * Brings the quick clusters up: a host and two members, with real API servers and simulated pods. All their processes
 * are in a namespace of their own and end with it. Throws an Error with the end of the log when they do not come up.
 */
export async function startQuickWorld(id: number): Promise<QuickWorld & { stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'fedctl-quick-'));
  const namespaces = ['--pid', '--mount', '--fork', '--kill-child=KILL', '--mount-proc', '--propagation=private'];
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', main, String(id), folder];
  const child = spawn('unshare', [...namespaces, 'tini', '-g', '--', ...node], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  child.stderr.pipe(createWriteStream(join(folder, 'quick.log')));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const first = new Promise<string | undefined>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    void ended.then(() => resolve(undefined));
  });
  const line = await first;
  if (line !== undefined) return { ...(JSON.parse(line) as QuickWorld), stop };
  await stop();
  throw new Error(`the quick clusters do not come up: ${said}`);
}
