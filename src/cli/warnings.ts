import type { Io } from './io.ts';
import type { StatusModel } from './status-model.ts';

/** What steps that went on found not to be right, with what mends it. */
export const warningLines = ({ warnings }: Pick<StatusModel, 'warnings'>, paint: Io['paint']): string[] =>
  warnings.flatMap(({ step, message, fix }) => [
    `${paint('yellow', 'warning')} from ${step}: ${message}`,
    ...fix.map((line) => `  ${line}`),
  ]);
