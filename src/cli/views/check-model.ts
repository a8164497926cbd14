import { wrap } from '../io/format.ts';
import { plain, type Paint } from '../io/io.ts';
import type { StatusError } from './status-model.ts';

/** One check of the preflight. */
export interface Check {
  /** The step's id. */
  id: string;
  category: string;
  title: string;
  result: 'ok' | 'warning' | 'error' | 'skipped';
  message: string | null;
  fix: string[];
}

/** The document of `fedctl check -o json`. */
export interface CheckDocument {
  federation: string;
  ok: boolean;
  checks: Check[];
}

const marks = { ok: ['√', 'green'], warning: ['‼', 'yellow'], error: ['×', 'red'], skipped: ['-', 'dim'] } as const;
const words = { ok: '', warning: ' (warning)', error: ' (error)', skipped: ' (not checked)' } as const;

/** Categories by the part of a step's id after `preflight/`. */
const categories: Readonly<Record<string, string>> = {
  host: 'host cluster',
  permissions: 'host cluster',
  storage: 'host cluster',
  images: 'images',
  members: 'member clusters',
  dns: 'dns',
};

/** The category of a check, for people. */
export const categoryOf = (id: string): string =>
  id.startsWith('in-cluster/') ? 'from the host cluster' : (categories[id.split('/')[1] ?? ''] ?? 'other');

/** A failure as a check's result: a turn-up would block there. */
export const failedCheck = (of: Pick<Check, 'id' | 'category' | 'title'>, error: StatusError): Check => ({
  ...of,
  result: 'error',
  message: `${error.message} (${error.code})`,
  fix: error.fix,
});

/** Checks by category, as lines; ends with the verdict. */
export function checkLines(document: CheckDocument, columns: number, paint: Paint = plain): string[] {
  const names = [...new Set(document.checks.map((check) => check.category))];
  const groups = names.flatMap((name) => [
    ...(name === names[0] ? [] : ['']),
    paint('bold', name),
    '-'.repeat(name.length),
    ...document.checks.filter((check) => check.category === name).flatMap((check) => oneCheck(check, columns, paint)),
  ]);
  const failed = document.checks.filter((check) => check.result === 'error').length;
  return [
    ...groups,
    '',
    ...wrap(
      failed === 0 ? 'all checks passed' : `${failed} of ${document.checks.length} checks failed; nothing was written`,
      columns,
    ),
  ];
}

function oneCheck(check: Check, columns: number, paint: Paint): string[] {
  const [mark, style] = marks[check.result];
  const head = `${paint(style, mark)} ${check.title}${words[check.result]}`;
  const text = check.message ? wrap(check.message, columns - 4).map((line) => `    ${line}`) : [];
  const fix = check.fix.flatMap((way, index) =>
    wrap(`${index === 0 ? 'fix: ' : '  or '}${way}`, columns - 4).map((line) => `    ${line}`),
  );
  return [head, ...text, ...fix];
}
