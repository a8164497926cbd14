import { describe, expect, it } from '@jest/globals';
import { visibleWidth } from '../../../src/cli/io/format.ts';
import { exit } from '../../../src/cli/io/exit.ts';
import type { Followed } from '../../../src/cli/runs/follow.ts';
import { coloured, type Io, plain } from '../../../src/cli/io/io.ts';
import { render } from '../../../src/cli/views/progress.ts';
import { standingLines } from '../../../src/cli/views/standing-view.ts';
import { mergeStatus } from '../../../src/cli/views/merge-status.ts';
import type { StatusModel } from '../../../src/cli/views/status-model.ts';
import { nothing, recordStatus } from '../../../src/cli/reads/status-record.ts';
import { statusLines } from '../../../src/cli/views/status-view.ts';
import { closingLines } from '../../../src/cli/runs/tell.ts';
import { expectGolden } from '../../helpers/common/golden.ts';
import { ago, now, pictures } from '../../helpers/terminal/pictures.ts';
import { standings } from '../../helpers/kubernetes/standings.ts';
import { aSpec } from '../../helpers/common/spec.ts';

type Name = keyof typeof pictures;
const all = Object.keys(pictures) as Name[];
const model = (name: Name): StatusModel => {
  const { parent, children } = pictures[name]();
  // The memo of a turn-down names neither.
  const up = { context: 'federation-cluster', zone: 'federation.example.' };
  const known = parent.state?.operation === 'up' ? up : {};
  return mergeStatus(parent, children, known) ?? nothing('no state');
};

/** Commands and records of a zone are never broken, so that they can be copied. */
const copied = /^ {2}fedctl |\bIN (NS|A|AAAA) /;

describe('the tree of a run', () => {
  it.each(all)('%s, as status prints it at 80 columns', (name) => {
    expectGolden(`cli/status-${name}.txt`, statusLines(model(name), { columns: 80, now }).join('\n'));
  });

  it('ends a good turn-up with what is still to do, each record on a line of its own', () => {
    const followed = { code: exit.done, model: model('completed') } as Followed;
    const lines = closingLines({ paint: plain } as Io, 'myfederation', followed);
    expect(lines[0]).toContain('warning from dns/delegation');
    expect(lines.slice(1).map((line) => line.trim())).toEqual([
      'add to the parent zone:',
      'federation.example. IN NS ns1.federation.example.',
      'ns1.federation.example. IN A 192.0.2.53',
    ]);
    expect(closingLines({ paint: plain } as Io, 'myfederation', { ...followed, model: model('gone') })).toEqual([]);
  });

  it.each(all.flatMap((name) => [40, 200].map((columns) => [name, columns] as const)))(
    '%s, all that status prints fits into %d columns',
    (name, columns) => {
      const lines = statusLines(model(name), { columns, now });
      expect(lines.filter((line) => visibleWidth(line) > columns && !copied.test(line))).toEqual([]);
    },
  );

  it('of a fleet shows who is blocked first, on a small terminal too', () => {
    const lines = render(model('fleet'), { columns: 80, now, rows: 14 });
    expect(lines.join('\n')).toMatch(/20\/30 ready, 1 blocked, 5 joining, 4 pending[^]*member-21: blocked[^]*reach/);
  });

  const owing = (): StatusModel => ({
    ...model('gone'),
    debts: [
      { cluster: 'member-1', since: ago(90), objects: 1, nextAttemptAt: null },
      { cluster: 'member-2', since: ago(7_200), objects: 6, nextAttemptAt: ago(-30) },
    ],
  });

  it('ends with what members owe, live too, and on a terminal too small for the rest', () => {
    const lines = render(owing(), { columns: 80, now, rows: 8 });
    expect(lines).toHaveLength(8);
    expect(lines.slice(-5)).toEqual([
      'debts',
      'member-1  1 object to clean up   for 1m30s',
      'member-2  6 objects to clean up  for 2h00m',
      '  cleaned up when it can be reached; to give it up: fedctl down myfederation',
      '  --forget member-1',
    ]);
    expect(statusLines(owing(), { columns: 80, now }).filter((line) => line === 'debts')).toHaveLength(1);
  });

  it.each(
    Object.entries(standings).flatMap(([name, standing]) =>
      [40, 80, 200].map((columns) => [name, columns, standing] as const),
    ),
  )('what stands, %s, at %d columns', (name, columns, standing) => {
    // The last run added one member; the tree shows all of the federation all the same.
    const lines = statusLines({ ...model(name === 'silent' ? 'running' : 'joined'), standing }, { columns, now });
    expect(lines.filter((line) => visibleWidth(line) > columns && !copied.test(line))).toEqual([]);
    expectGolden(`cli/standing-${name}-${columns}.txt`, lines.join('\n'));
  });

  it.each([40, 80])('of what stands has the address at the component that has it, at %d columns', (columns) => {
    const [api, manager] = standings.whole.components;
    const standing = { ...standings.whole, components: [manager!, api!] };
    const lines = standingLines({ lastRun: null }, standing, { columns, now });
    const [second = 0, third = 0] = [api!, manager!].map(({ name }) => lines.findIndex((text) => text.includes(name)));
    expect(third).toBeLessThan(second);
    const at = lines.findIndex((text) => text.includes(standing.address!));
    expect(at).toBe(columns < 80 ? second + 1 : second);
  });

  it('of what stands has the same width in colours', () => {
    const view = { columns: 60, now };
    for (const standing of Object.values(standings)) {
      const plain = standingLines({ lastRun: null }, standing, view);
      const painted = standingLines({ lastRun: null }, standing, { ...view, paint: coloured });
      expect(painted.map(visibleWidth)).toEqual(plain.map(visibleWidth));
    }
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

  it('shows each line of what a build says, and cuts it to the width', () => {
    const running = model('running');
    const step = running.phases.flatMap(({ steps }) => steps).find(({ status }) => status === 'running')!;
    step.detail = `log: /var/lib/fedctl/builds/images-build.log\ncompiles one\n${'w'.repeat(100)}`;
    const lines = render(running, { columns: 60, now }).map((text) => text.trim());
    const at = lines.findIndex((text) => text.startsWith('log: '));
    expect(lines.slice(at, at + 3)).toEqual([
      'log: /var/lib/fedctl/builds/images-build.log',
      'compiles one',
      `${'w'.repeat(53)}…`,
    ]);
  });

  it('ends with the version that newest came to, and with nothing where none was chosen', () => {
    const done = model('completed');
    const of = (given: StatusModel): string[] =>
      closingLines({ paint: plain } as Io, 'myfederation', { code: exit.done, model: given, runId: undefined });
    const phase = done.phases[0]!;
    const step = { ...phase.steps[0]!, id: 'preflight/images', detail: 'the newest version there is: r.example/x:v2' };
    const said = 'images: the newest version there is: r.example/x:v2';
    expect(of({ ...done, phases: [{ ...phase, steps: [step] }] })).toContain(said);
    expect(of(done).filter((text) => text.startsWith('images:'))).toEqual([]);
  });

  it('is never longer than the terminal: it folds first, and then says what is missing', () => {
    const full = render(model('blocked'), { columns: 80, now });
    const few = render(model('blocked'), { columns: 80, now, rows: 6 });
    expect(few).toHaveLength(6);
    expect(few[5]).toMatch(/^… \d+ more lines$/);
    expect(render(model('blocked'), { columns: 80, now, rows: full.length })).toEqual(full);
  });
});
