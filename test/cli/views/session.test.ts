import { describe, expect, it } from '@jest/globals';
import { visibleWidth } from '../../../src/cli/io/format.ts';
import { phases } from '../../../src/catalogue/definition.ts';
import { hostSteps, memberSteps } from '../../../src/distributions/federation/steps.ts';
import { play, recordedSession, sessionInReadme, shapeOf } from '../../helpers/terminal/session.ts';

describe('the session in the README', () => {
  it('is the one that was recorded', () => {
    expect(recordedSession()).not.toBe('');
    expect(sessionInReadme()).toBe(recordedSession());
  });

  it('has in its picture of a run only words that runs have now', () => {
    const [picture = ''] = recordedSession().split('\n...\n');
    const [, ...lines] = picture.split('\n');
    const words = new Set<string>(
      [...Object.values(hostSteps), ...Object.values(memberSteps)].flatMap(({ title, done }) => [title, done]),
    );
    const grammar: readonly ((line: string) => boolean)[] = [
      (line) => line === 'up myfederation: running <time>',
      (line) =>
        phases.some((phase) => new RegExp(`^[✓▸·] ${phase} (<all>|\\d+/\\d+(, \\d+ kept)?)( <time>)?$`).test(line)),
      (line) => /^[✓▸·!] member-\d: (joining|ready|pending)( <time>)?$/.test(line),
      (line) => words.has(line.replace(/^[✓▸·] /, '').replace(/ (\(kept\) )?(attempt \d+, )?<time>$/, '')),
      // What a step waits for, below it.
      (line) => line === 'member-1: not probed yet (the control plane looks every 40 s by default)',
      (line) => line === 'member-2: not probed yet (the control plane looks every 40 s by default)',
    ];
    const shapes = lines.map((line) => shapeOf(line).trim().replaceAll('  ', ' '));
    expect(shapes.length).toBeGreaterThan(5);
    expect(shapes.filter((shape) => !grammar.some((fits) => fits(shape)))).toEqual([]);
  });

  it('fits the terminal that it was recorded on', () => {
    const commands = /^\$ |^ {2}(kubectl|fedctl) |^(Temporal UI|run |wrote |~)/;
    const wide = recordedSession()
      .split('\n')
      .filter((line) => visibleWidth(line) > 80 && !commands.test(line));
    expect(wide).toEqual([]);
  });
});

describe('what a terminal showed', () => {
  it('is every picture of a block that is drawn again, and what stood there at last', () => {
    const output = 'note\nrun 1\n  a\n\u001b[2A\u001b[0Jrun 2\n\u001b[1A\u001b[0J\u001b[1mrun 3\u001b[22m\nend\n';
    expect(play(output)).toEqual({ pictures: [['run 1', '  a'], ['run 2']], last: ['note', 'run 3', 'end'] });
  });

  it('has a shape without times, addresses, digests and ids', () => {
    const line =
      '  ▸ x@sha256:0123ab  https://10.88.0.200:6443   2m05s, 364 days left, 7f4df5c6-3c1c-4f0e-9a86-2f6b3f3b8f11';
    expect(shapeOf(line)).toBe('  ▸ x@<digest>  https://<address>:<port>  <time>, <n> days left, <id>');
    const counts = ['✓ images  5/5  20s', '✓ images  5/5, 2 kept  20s', '✓ images  5 kept  2.0s'];
    expect(new Set(counts.map(shapeOf))).toEqual(new Set(['✓ images  <all>  <time>']));
    expect(shapeOf('▸ images  4/5  2.0s')).toBe('▸ images  4/5  <time>');
  });
});
