import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A program under test: what it said, and how it ended. */
export interface Running {
  /** stdout and stderr so far. */
  output(): string;
  /** Exit code, once it ended; 128 and more stand for none (a signal). */
  exited: Promise<number>;
  hasExited(): boolean;
  /** Ends it and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

const running = new Set<ChildProcess>();
// A test run that is cut off must not leave servers behind.
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Running {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let ended = false;
  const exited = once(child, 'close').then(([code]: unknown[]) => {
    ended = true;
    running.delete(child);
    return typeof code === 'number' ? code : 128;
  });
  return {
    output: () => output,
    exited,
    hasExited: () => ended,
    stop: async (signal = 'SIGTERM') => {
      if (!ended) child.kill(signal);
      return exited;
    },
  };
}

/** Runs a program to its end; for what ends by itself. */
export async function runToEnd(
  program: string,
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<{ code: number; output: string }> {
  const child = start(program, args, env);
  const code = await child.exited;
  return { code, output: child.output() };
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** Asks a running program again until the answer is not undefined. Throws with `what` and the last error after `ms`. */
export async function until<T>(
  what: string,
  ms: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + ms;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    // Once every program is stopped, nobody is left who could answer.
    if (Date.now() > deadline || running.size === 0) throw new Error(`${what}: not within ${ms} ms`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
