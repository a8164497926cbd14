import { describe, expect, it } from '@jest/globals';
import { exit } from '../../../src/cli/io/exit.ts';
import { decide } from '../../../src/cli/runs/decide-down.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';

describe('a turn-down that the person does not want after all', () => {
  const asked = (...answers: string[]) =>
    decide(fakeIo({ interactive: true, ask: async () => answers.shift() ?? '' }), 'prod', {}, {});

  it.each([
    ['another name', ['stage']],
    ['no name', ['']],
    ['neither keep nor delete', ['prod', 'burn']],
  ])('ends with 5: %s', async (_what, answers) => {
    await expect(asked(...answers)).rejects.toMatchObject({
      exitCode: exit.declined,
      message: expect.stringContaining('nothing was touched'),
    });
  });

  it('goes on with its name, and keeps the volume unless told otherwise', async () => {
    expect(await asked('prod', '')).toEqual({ volumes: 'keep' });
    expect(await asked('prod', 'delete')).toEqual({ volumes: 'delete' });
  });
});
