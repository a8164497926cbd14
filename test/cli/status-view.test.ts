import { describe, expect, it } from '@jest/globals';
import { visibleWidth } from '../../src/cli/format.ts';
import { coloured } from '../../src/cli/io.ts';
import { render } from '../../src/cli/progress.ts';
import { mergeStatus, type StatusModel } from '../../src/cli/status-model.ts';
import { nothing, recordStatus } from '../../src/cli/status-record.ts';
import { statusLines } from '../../src/cli/status-view.ts';
import { expectGolden } from '../helpers/golden.ts';
import { now, pictures } from '../helpers/pictures.ts';
import { aSpec } from '../helpers/spec.ts';

type Name = keyof typeof pictures;
const all = Object.keys(pictures) as Name[];
const model = (name: Name): StatusModel => {
  const { parent, children } = pictures[name]();
  // The memo of a turn-down names neither.
  const up = { context: 'federation-cluster', zone: 'federation.example.' };
  const known = parent.state?.operation === 'up' ? up : {};
  return mergeStatus(parent, children, known) ?? nothing('no state');
};

describe('the tree of a run', () => {
  it.each(all)('%s, as status prints it at 80 columns', (name) => {
    expectGolden(`cli/status-${name}.txt`, statusLines(model(name), { columns: 80, now }).join('\n'));
  });

  it('of a federation that only its record tells of', () => {
    const spec = aSpec({ clusters: ['member-1'], dns: true });
    const record = { federation: 'myfederation', uuid: '7f4df5c6', phase: 'up', spec, images: { etcd: 'e@sha256:1' } };
    expectGolden('cli/status-record.txt', statusLines(recordStatus(record), { columns: 80, now }).join('\n'));
  });

  it.each(all.flatMap((name) => [40, 60, 80, 120].map((columns) => [name, columns] as const)))(
    '%s is never wider than %d columns, in colours or without',
    (name, columns) => {
      const plain = render(model(name), { columns, now });
      const painted = render(model(name), { columns, now, paint: coloured });
      expect(Math.max(...plain.map(visibleWidth))).toBeLessThanOrEqual(columns);
      expect(painted.map(visibleWidth)).toEqual(plain.map(visibleWidth));
    },
  );

  it('is never longer than the terminal: it folds first, and then says what is missing', () => {
    const full = render(model('blocked'), { columns: 80, now });
    const few = render(model('blocked'), { columns: 80, now, rows: 6 });
    expect(few).toHaveLength(6);
    expect(few[5]).toMatch(/^… \d+ more lines$/);
    expect(render(model('blocked'), { columns: 80, now, rows: full.length })).toEqual(full);
  });
});
