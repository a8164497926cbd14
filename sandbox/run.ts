import { spawn, type SpawnOptions } from 'node:child_process';

/** A program that could not be run, or ended badly; the message holds the end of what it said. */
export class ProgramError extends Error {
  override name = 'ProgramError';
}

/** Longest output kept, characters. */
const keep = 64_000;

/**
 * Runs a program to its end and answers what it wrote to stdout. Throws ProgramError with the tail of its output when it
 * exits with anything but 0.
 */
export function run(
  argv: readonly string[],
  options: SpawnOptions & { input?: string; onLine?: (line: string) => void } = {},
): Promise<string> {
  const [program, ...args] = argv as [string, ...string[]];
  const { input, onLine, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...rest, stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let all = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out = (out + chunk.toString()).slice(-keep);
      all = (all + chunk.toString()).slice(-keep);
      if (onLine) chunk.toString().split('\n').filter(Boolean).forEach(onLine);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      all = (all + chunk.toString()).slice(-keep);
      if (onLine) chunk.toString().split('\n').filter(Boolean).forEach(onLine);
    });
    child.stdin?.on('error', () => {}); // A program that ends without reading closes the pipe; its exit code tells more.
    child.on('error', (error) => reject(new ProgramError(`${program}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out);
      else
        reject(
          new ProgramError(`${argv.join(' ').slice(0, 200)} ended with ${code ?? signal}: ${all.trim().slice(-2_000)}`),
        );
    });
    child.stdin?.end(input ?? '');
  });
}

/** Like run, but answers whether it ended well. */
export const succeeds = (argv: readonly string[], options: SpawnOptions = {}): Promise<boolean> =>
  run(argv, options).then(
    () => true,
    () => false,
  );
