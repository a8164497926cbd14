import { plain, type Io } from '../../../src/cli/io/io.ts';

/** An Io that keeps what is said: 80 columns, no terminal, no colours, nobody to ask. */
export interface FakeIo extends Io {
  readonly out: string[];
  readonly err: string[];
}

export function fakeIo(
  change: Partial<Pick<Io, 'env' | 'cwd' | 'live' | 'interactive' | 'ask' | 'size'>> = {},
): FakeIo {
  const [out, err]: [string[], string[]] = [[], []];
  return {
    env: {},
    cwd: process.cwd(),
    live: false,
    interactive: false,
    size: () => ({ columns: 80, rows: 24 }),
    resultColumns: () => Number.POSITIVE_INFINITY,
    ask: (question) => Promise.reject(new Error(`nobody is there to be asked: ${question}`)),
    ...change,
    paint: plain,
    paintResult: plain,
    result: (text) => void out.push(text),
    note: (text) => void err.push(text),
    write: (text) => void err.push(text),
    out,
    err,
  };
}
