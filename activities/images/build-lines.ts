import { StringDecoder } from 'node:string_decoder';

/** Longest line that is kept as one, characters: what never ends a line must not fill the memory. */
const lineLength = 65_536;

/** Cuts a stream of bytes into lines: at a line feed, at a carriage return (progress bars), or after 64 Ki characters. */
export function lineSplitter(line: (text: string) => void): { push(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string): void => {
    const parts = `${rest}${text}`.split(/\r\n|[\n\r](?!$)|\n/);
    rest = parts.pop() ?? '';
    for (const part of parts) line(part);
    for (; rest.length > lineLength; rest = rest.slice(lineLength)) line(rest.slice(0, lineLength));
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      const last = rest.replace(/\r$/, '');
      rest = '';
      if (last !== '') line(last);
    },
  };
}

const escape = String.fromCharCode(27);
/** Escape sequences of terminals (ECMA-48): CSI with its parameters, OSC with its text, and those of two characters. */
const sequences = new RegExp(
  `${escape}(?:\\[[0-?]*[ -/]*[@-~]|[\\]PX^_][^\\u0007${escape}]*(?:\\u0007|${escape}\\\\)?|[ -/]*[0-~])`,
  'g',
);

/** A line of another tool as it can stand on anybody's terminal: no escape sequences, no control characters but tabs. */
export const plainLine = (text: string): string => text.replace(sequences, '').replace(/[^\P{Cc}\t]/gu, '');
