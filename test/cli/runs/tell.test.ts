import { expect, it } from '@jest/globals';
import { mergeDebts } from '../../../src/cli/runs/debts.ts';
import { exit } from '../../../src/cli/io/exit.ts';
import { closingLines } from '../../../src/cli/runs/tell.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';

const lines = (code: 1 | 5, rolledBack: boolean): string =>
  closingLines(fakeIo(), 'f', { code, model: undefined, runId: undefined, rolledBack }).join('\n');

it('does not say that anything is kept, or resumed, after a rollback', () => {
  expect(lines(exit.declined, false)).toContain('what it made is kept');
  expect(lines(exit.declined, true)).toContain('what it made is undone');
  expect(lines(exit.declined, true)).not.toMatch(/kept|resumes/);
  expect(lines(exit.failed, false)).toContain('what it made is kept');
  expect(lines(exit.failed, true)).toContain('not all that the run made is undone');
});

it('tells each debt once, with the next attempt where its run is open', () => {
  const open = [{ cluster: 'b', since: '2026-11-02', objects: 2, nextAttemptAt: '2026-11-03' }];
  const recorded = { b: { since: '2026-11-01', objects: 9 }, a: { since: '2026-11-01', objects: 1 } };
  expect(mergeDebts(open, recorded)).toEqual([
    { cluster: 'a', since: '2026-11-01', objects: 1, nextAttemptAt: null },
    open[0],
  ]);
  expect(mergeDebts(open)).toEqual(open);
});
