import { spawn } from 'node:child_process';
import { dirname, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** The environment with this checkout's programs, and the Node that runs this script, first on the PATH. */
export const environment = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
  const path = [
    dirname(process.execPath),
    join(root, 'node_modules', '.bin'),
    extra['PATH'] ?? process.env['PATH'] ?? '',
  ];
  return { ...process.env, ...extra, PATH: path.join(delimiter) };
};

/** Runs a program with this terminal; answers its exit code (128 + n for a signal is 1 here). */
export const passThrough = (argv: readonly string[], env: NodeJS.ProcessEnv = environment()): Promise<number> =>
  new Promise((resolve, reject) => {
    const [program, ...args] = argv as [string, ...string[]];
    const child = spawn(program, args, { cwd: root, env, stdio: 'inherit' });
    // Ctrl-C reaches the whole group; who ends this process alone means the child too.
    const end = (): void => void child.kill('SIGTERM');
    process.once('SIGTERM', end);
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('SIGTERM', end);
      resolve(code ?? 1);
    });
  });

/** Runs a program quietly; answers exit code and everything it printed. */
export const capture = (
  argv: readonly string[],
  env: NodeJS.ProcessEnv = environment(),
): Promise<{ code: number; output: string }> =>
  new Promise((resolve, reject) => {
    const [program, ...args] = argv as [string, ...string[]];
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
