import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What came out, and the exit code. On a terminal stdout and stderr are one. */
export interface Shown {
  code: number;
  text: string;
  /** ms until the first output. */
  firstMs: number;
}

/** How a program is run: on a pseudo-terminal of a size, or on pipes. */
export interface Stand {
  /** Columns of the terminal; absent: no terminal. */
  columns?: number;
  env?: NodeJS.ProcessEnv;
  /** @default the root of this checkout */
  cwd?: string;
  /** Typed when the text has come. */
  typed?: { after: RegExp; text: string };
}

/** The line that show.ts writes above each thing, when there are several: an escape sequence that no output of fedctl has. */
export const heading = (thing: string): string => `\u001b]show;${thing}\u0007`;

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs a program of this checkout on a real pseudo-terminal (Debian's `script`), or on pipes. */
export function show(argv: readonly string[], { columns, env = {}, cwd = root, typed }: Stand = {}): Promise<Shown> {
  const command = argv.map(quoted).join(' ');
  // The size first: what the program draws depends on it.
  const inside = `stty cols ${columns ?? 80} rows 40; exec ${command}`;
  const [program, ...args] =
    columns === undefined ? ['sh', '-c', `exec ${command} 2>&1`] : ['script', '-qefc', inside, '/dev/null'];
  const began = Date.now();
  return new Promise((resolve, reject) => {
    const { CI: _ci, NO_COLOR: _no, FORCE_COLOR: _force, ...own } = process.env;
    const child = spawn(program ?? '', args, {
      cwd,
      env: { ...own, TERM: 'xterm-256color', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let text = '';
    let firstMs = 0;
    let told = false;
    const hear = (chunk: Buffer): void => {
      if (text === '') firstMs = Date.now() - began;
      text += chunk.toString();
      if (typed && !told && typed.after.test(text)) {
        told = true;
        child.stdin.write(typed.text);
      }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, text: text.replaceAll('\r\n', '\n'), firstMs }));
    if (!typed) child.stdin.end();
  });
}
