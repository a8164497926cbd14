import { wrap } from '../io/format.ts';
import type { Io } from '../io/io.ts';
import type { StatusModel } from './status-model.ts';

/** What steps that went on found not to be right, with what fixes it. */
export const warningLines = (
  { warnings }: Pick<StatusModel, 'warnings'>,
  paint: Io['paint'],
  columns = Number.POSITIVE_INFINITY,
): string[] =>
  warnings.flatMap(({ step, message, fix }) => {
    const lines = wrap(`warning from ${step}: ${message}`, columns);
    const painted = lines.map((line, at) => (at === 0 ? line.replace('warning', paint('yellow', 'warning')) : line));
    return [...painted, ...fix.map((line) => `  ${line}`)];
  });
