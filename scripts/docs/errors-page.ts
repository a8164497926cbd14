import { errorCodes, type ErrorCode, type ErrorData, type RetryKind } from '../../src/errors/codes.ts';
import { cell, code, generated, page, table } from './markdown.ts';

const kinds: Readonly<Record<RetryKind, string>> = {
  never: 'parks at once: a person has to do something',
  soon: 'retried with back-off; parks when the time of the step is used up',
  later: 'retried when the server says (Retry-After)',
  waiting: 'not an error, only not ready yet; parks when its wait timed out',
  bug: 'a bug in fedctl',
};

/** Stands for what an error of that code would carry: `{zone}`. */
const sample = new Proxy<ErrorData>({}, { get: (_, key) => `{${String(key)}}` });

/** docs/errors.md: every code with what it means and the ways out. */
export function errorsPage(): string {
  const rows: [string, ErrorCode][] = Object.entries(errorCodes);
  return page(
    generated('src/errors/codes.ts'),
    '# Error codes',
    'Codes are API: scripts may rely on them. An error does not fail the run: its step parks. The second column says ' +
      'whether it is retried before that.',
    table(
      ['retry', 'meaning'],
      Object.entries(kinds).map(([kind, meaning]) => [kind, meaning]),
    ),
    table(
      ['code', 'retry', 'what is wrong', 'fix'],
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
