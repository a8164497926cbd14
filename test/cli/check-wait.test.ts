import { describe, expect, it } from '@jest/globals';
import type { Check } from '../../src/cli/check-model.ts';
import { untilWell } from '../../src/cli/commands/check.ts';
import { CliError, exit } from '../../src/cli/exit.ts';
import { plain } from '../../src/cli/io.ts';
import { errorLines } from '../../src/cli/print-error.ts';

const check = (result: Check['result']): Check => ({
  id: 'preflight/dns',
  category: 'dns',
  title: 'DNS',
  result,
  message: null,
  fix: [],
});

describe('check --wait', () => {
  it('looks again until all is well, and tells once what it waits for', async () => {
    const looks: Check['result'][] = ['error', 'error', 'ok'];
    const told: string[][] = [];
    const look = async (): Promise<Check[]> => [check(looks.shift() ?? 'ok')];
    const found = await untilWell(look, 60_000, (failed) => told.push(failed.map(({ id }) => id)), 1);
    expect(found).toEqual([check('ok')]);
    expect([told, looks]).toEqual([[['preflight/dns']], []]);
  });

  it('ends with what it saw when the time is over; without --wait after one look', async () => {
    let looks = 0;
    const look = async (): Promise<Check[]> => ((looks += 1), [check('error')]);
    expect(await untilWell(look, 0, () => {}, 1)).toEqual([check('error')]);
    expect(looks).toBe(1);
    expect(await untilWell(look, 20, () => {}, 1)).toEqual([check('error')]);
  });
});

describe('errorLines', () => {
  it('links a code of the table to its description, and no other', () => {
    const lines = (code: string): string[] =>
      errorLines(new CliError(exit.failed, 'wrong', ['mend it'], { code }), { paint: plain });
    expect(lines('FIELD_OWNED')).toEqual([
      'error: wrong (FIELD_OWNED)',
      '  fix: mend it',
      '  see: fedctl explain FIELD_OWNED (docs/errors.md#field_owned)',
    ]);
    expect(lines('SOMETHING_ELSE')).toEqual(['error: wrong (SOMETHING_ELSE)', '  fix: mend it']);
  });
});
