import { type Act, type Death, keyOf, moments } from './orders.ts';

/** One line of the table, at most 80 columns. */
const line = (operation: string, step: string, cells: readonly string[]): string =>
  `${operation.padEnd(7)} ${step.padEnd(40)} ${cells.map((cell) => cell.padEnd(9)).join(' ')}`.trimEnd();

/** How often workers died at each act, by moment: `-` where there is no middle, `never` where there should be one. */
export function matrixTable(acts: readonly Act[], deaths: readonly Death[], writing: ReadonlySet<string>): string {
  const rows = acts.map((act) => {
    const here = deaths.filter((death) => keyOf(death) === keyOf(act));
    const cells = moments.map((moment) => {
      const times = here.filter((death) => death.moment === moment).length;
      if (times > 0) return moment === 'middle' ? `died ${times}` : 'died';
      return moment === 'middle' && !writing.has(keyOf(act)) ? '-' : 'NEVER';
    });
    return line(act.operation, act.step, cells);
  });
  return [line('', 'step', moments), ...rows].join('\n');
}
