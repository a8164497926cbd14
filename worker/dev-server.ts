import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { devServerArguments } from '../src/temporal/dev-server.ts';

export interface DevServer {
  address: string;
  ui: string;
  /** A Temporal profile file that names this server and nothing else. */
  configFile: string;
  /** Ends it and waits for its end. */
  stop(): Promise<void>;
  /** Resolves when it ended by itself. */
  ended: Promise<void>;
}

/** How long a dev server may take to answer, ms. */
const startMs = 30_000;

/** The `temporal` program: FEDCTL_TEMPORAL, PATH, the sandbox's own. Undefined when there is none. */
export async function findTemporal(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (env['FEDCTL_TEMPORAL']) return env['FEDCTL_TEMPORAL'];
  const onPath = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'temporal'));
  return onPath.find((file) => existsSync(file)) ?? sandboxTemporal(env);
}

/** The program the sandbox built, if it did. */
const sandboxTemporal = async (env: NodeJS.ProcessEnv): Promise<string | undefined> =>
  (await import('../sandbox/programs.ts')).cachedProgram('temporal', env);

/**
 * The environment of a process that is to reach this server, whatever server, namespace, key or certificates the
 * person's own profile and variables name.
 */
export function devServerEnvironment(env: NodeJS.ProcessEnv, { configFile }: Pick<DevServer, 'configFile'>) {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(others), TEMPORAL_CONFIG_FILE: configFile };
}

/**
 * Starts a dev server in `folder`. Throws an Error when there is no program for it, its port is taken, or it does not
 * come up.
 */
export async function startDevServer(folder: string, env: NodeJS.ProcessEnv, port = 7233): Promise<DevServer> {
  const program = await findTemporal(env);
  if (!program) throw new Error('no temporal program on the PATH, in FEDCTL_TEMPORAL, or built by fedctl sandbox up');
  // Another server there would answer in its place.
  if (await accepts(port)) throw new Error(`something listens on port ${port} of this machine already`);
  await mkdir(folder, { recursive: true });
  const address = `127.0.0.1:${port}`;
  const configFile = join(folder, 'dev-server.toml');
  await writeFile(configFile, `[profile.default]\naddress = "${address}"\nnamespace = "default"\n`);
  // A process group of its own: Ctrl-C reaches the worker first, which ends the server last.
  const child = spawn(program, devServerArguments(join(folder, 'temporal.db'), port), {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => undefined);
  await Promise.race([failed, answers(port, child)]);
  return {
    address,
    configFile,
    ui: `http://127.0.0.1:${port + 1000}`,
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  for (const end = Date.now() + startMs; Date.now() < end; await sleep(200)) {
    if (child.exitCode !== null)
      throw new Error(`temporal server start-dev ended with ${child.exitCode}; is port ${port} in use?`);
    if (await accepts(port)) return;
  }
  child.kill('SIGKILL');
  throw new Error(`temporal server start-dev did not listen on port ${port} within ${startMs / 1000} s`);
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
