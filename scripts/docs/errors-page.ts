import { errorCodes, type ErrorCode, type ErrorData, type RetryKind } from '../../src/errors/codes.ts';
import { cell, code, generated, page, table } from './markdown.ts';

const kinds: Readonly<Record<RetryKind, string>> = {
  never: 'parks at once: a person has to do something',
  soon: 'tried again at once, with growing pauses; parks when patience is spent',
  later: 'tried again when the server says',
  waiting: 'no fault, only not yet; parks when its wait is over',
  bug: "fedctl's own fault",
};

/** Stands for what an error of that code would carry: `{zone}`. */
const sample = new Proxy<ErrorData>({}, { get: (_, key) => `{${String(key)}}` });

/** docs/errors.md: every code with what it means and the ways out. */
export function errorsPage(): string {
  const rows: [string, ErrorCode][] = Object.entries(errorCodes);
  return page(
    generated('src/errors/codes.ts'),
    '# Error codes',
    'Codes are API: scripts may look for them. A run does not fail by an error, its step parks; what happens before ' +
      'that says the second column.',
    table(
      ['retry', 'meaning'],
      Object.entries(kinds).map(([kind, meaning]) => [kind, meaning]),
    ),
    table(
      ['code', 'retry', 'what is wrong', 'ways out'],
      rows
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { retry, title, fix }]) => [
          `<a id="${name.toLowerCase()}"></a>${code(name)}`,
          retry,
          cell(title),
          cell(fix(sample).join('\n')),
        ]),
    ),
  );
}
