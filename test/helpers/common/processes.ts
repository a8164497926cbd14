import { spawn } from 'node:child_process';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A port of loopback that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A port that is free, and so is the one that many further on: for a server that takes both. */
export async function freePortWith(distance: number): Promise<number> {
  for (;;) {
    const port = await freePort();
    const other = createServer();
    const free = await new Promise<boolean>((resolve) => {
      other.once('error', () => resolve(false));
      other.listen(port + distance, '127.0.0.1', () => other.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** A program that a test started. */
export interface Program {
  pid: number;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
}

/** Starts a program and waits until it answers; throws with what it wrote when it ends before, or after `withinMs`. */
export async function startProgram(
  argv: readonly string[],
  answers: () => Promise<boolean>,
  withinMs = 30_000,
): Promise<Program> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const hear = (text: Buffer): void => void (said = (said + text.toString()).slice(-4_000));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  let over = false;
  const ended = new Promise<void>((resolve) =>
    child
      .once('exit', () => resolve())
      .once('error', (error) => {
        said += String(error);
        resolve();
      }),
  ).then(() => void (over = true));
  const deadline = Date.now() + withinMs;
  while (!(await answers().catch(() => false))) {
    if (over || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${argv.join(' ')} does not answer:\n${said}`);
    }
    await Promise.race([delay(50), ended]);
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return { pid: child.pid ?? 0, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

/** Lets programs run on for as long as this process lives, however it ends; they and their folder go with it. */
export function endWithUs(programs: readonly Program[], folder: string): void {
  const script = 'folder=$1; shift; read -r never; kill -KILL "$@"; rm -rf -- "$folder"';
  const pids = programs.map(({ pid }) => String(pid));
  // Detached, so that Ctrl-C does not end it first. It reads until its pipe is closed, which the end of this process does.
  const guard = spawn('sh', ['-c', script, 'sh', folder, ...pids], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  (guard.stdin as Socket).unref();
}
