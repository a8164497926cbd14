import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import type { Check } from '../../../src/cli/views/check-model.ts';
import { untilWell } from '../../../src/cli/commands/check.ts';
import { CliError, exit } from '../../../src/cli/io/exit.ts';
import { plain } from '../../../src/cli/io/io.ts';
import { errorLines } from '../../../src/cli/views/print-error.ts';
import { runChecks } from '../../../src/cli/reads/run-checks.ts';
import type { StepResult } from '../../../src/catalogue/call.ts';
import type { FrozenStep } from '../../../src/graph/frozen.ts';
import { aSpec } from '../../helpers/common/spec.ts';

const check = (result: Check['result']): Check => ({
  id: 'preflight/dns',
  category: 'dns',
  title: 'DNS',
  result,
  message: null,
  fix: [],
});

describe('the checks of a turn-up', () => {
  it('tell a warning from an error, and try what needs a step that only warned', async () => {
    const spec = aSpec({ clusters: ['member-1'] });
    const file = { federation: 'f', spec, digest: 'sha256:1', host: { context: 'host', namespace: 'federation' } };
    const read = async ({ id }: FrozenStep): Promise<StepResult> => {
      if (id === 'preflight/images') throw ApplicationFailure.nonRetryable('no such tag', 'IMAGE_NOT_FOUND');
      const warnings = id === 'preflight/members' || id === 'preflight/host' ? ['it does not answer yet'] : [];
      return { outcome: 'done', warnings, facts: {} };
    };
    const found = await runChecks({ read }, file, () => undefined);
    const results = Object.fromEntries(found.map(({ id, result, message }) => [id, [result, message]]));
    expect(results).toMatchObject({
      'preflight/host': ['warning', 'it does not answer yet'],
      'preflight/members': ['warning', 'it does not answer yet'],
      'preflight/permissions': ['ok', null],
      'preflight/images': ['error', expect.stringContaining('no such tag (IMAGE_NOT_FOUND)')],
    });
  });
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

  it('ends with what it saw when it timed out; without --wait after one look', async () => {
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
      errorLines(new CliError(exit.failed, 'wrong', ['correct it'], { code }), { paint: plain });
    expect(lines('FIELD_OWNED')).toEqual([
      'error: wrong (FIELD_OWNED)',
      '  fix: correct it',
      '  see: fedctl explain FIELD_OWNED (docs/errors.md#field_owned)',
    ]);
    expect(lines('SOMETHING_ELSE')).toEqual(['error: wrong (SOMETHING_ELSE)', '  fix: correct it']);
  });
});
