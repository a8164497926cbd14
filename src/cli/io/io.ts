import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

/** Styles in use; colour is never the only carrier of a meaning. */
export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan' | 'underline';
export type Paint = (style: Style, text: string) => string;

/** Where the command line talks to: results to stdout, everything else to stderr. The only place with `console`. */
export interface Io {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** True when people watch stderr on a terminal that can be rewritten. */
  readonly live: boolean;
  /** True when a person can be asked. */
  readonly interactive: boolean;
  /** Colours of stderr, and of stdout; both leave text alone where colours are not wanted. */
  readonly paint: Paint;
  readonly paintResult: Paint;
  /** Current size of the terminal; 80 by 24 without one. */
  size(): { columns: number; rows: number };
  /** Columns of the terminal that results go to; no limit where they go elsewhere. */
  resultColumns(): number;
  /** The result: text to stdout, a newline is added. */
  result(text: string): void;
  /** Everything else: a line to stderr. */
  note(text: string): void;
  /** Raw text to stderr, for the rewritten block of a live display. */
  write(text: string): void;
  /** Asks on the terminal; only when `interactive`. */
  ask(question: string): Promise<string>;
}

/** True when colours belong on the stream: NO_COLOR and TERM=dumb say no, FORCE_COLOR says yes, else the terminal decides. */
export function wantsColour(stream: { isTTY?: boolean | undefined }, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0') return true;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** Leaves text as it is. */
export const plain: Paint = (_style, text) => text;
/** ANSI colours, whatever the stream. */
export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

/** The Io of this process. */
export function processIo(): Io {
  const { env, stdin, stdout, stderr } = process;
  return {
    env,
    cwd: process.cwd(),
    live: stderr.isTTY === true && env['TERM'] !== 'dumb' && !env['CI'],
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    paint: wantsColour(stderr, env) ? coloured : plain,
    paintResult: wantsColour(stdout, env) ? coloured : plain,
    size: () => ({ columns: stderr.columns || 80, rows: stderr.rows || 24 }),
    resultColumns: () => (stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY),
    result: (text) => console.log(text),
    note: (text) => console.error(text),
    write: (text) => void stderr.write(text),
    ask: async (question) => {
      const prompt = createInterface({ input: stdin, output: stderr });
      const gone = new AbortController();
      // Ctrl-C and Ctrl-D close it without an answer; nobody would ever hear of the question again.
      prompt.once('close', () => gone.abort());
      try {
        return await prompt.question(question, { signal: gone.signal });
      } finally {
        prompt.close();
      }
    },
  };
}
