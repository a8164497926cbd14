import { CliError } from '../io/exit.ts';
import { docsOf } from './explain-model.ts';
import type { Io } from '../io/io.ts';

function seeLine(code = ''): string[] {
  const docs = docsOf(code);
  return docs ? [`  see: ${docs}`] : [];
}

/** An error for a person: what, why, ways out. A bug also shows its stack and where to report it. */
export function errorLines(error: unknown, io: Pick<Io, 'paint'>): string[] {
  if (!(error instanceof CliError)) return bugLines(error, io);
  const [first = '', ...rest] = error.message.split('\n');
  const code = error.code ? ` ${io.paint('dim', `(${error.code})`)}` : '';
  return [
    `${io.paint('red', 'error:')} ${first}${code}`,
    ...rest.map((line) => `  ${line}`),
    ...error.fix.map((line, index) => `  ${index === 0 ? 'fix:' : '    '} ${line}`),
    ...seeLine(error.code),
  ];
}

function bugLines(error: unknown, io: Pick<Io, 'paint'>): string[] {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    `${io.paint('red', 'bug:')} unexpected error; nothing more was done`,
    ...stack.split('\n').map((line) => `  ${line}`),
    '  please report it with the lines above',
  ];
}
