import { describe, expect, it } from '@jest/globals';
import { lineDisplay } from '../../../src/cli/views/display.ts';
import { changes, eventLines } from '../../../src/cli/views/events.ts';
import { mergeStatus } from '../../../src/cli/views/merge-status.ts';
import type { StatusModel, StatusStep } from '../../../src/cli/views/status-model.ts';
import { fakeIo } from '../../helpers/terminal/fake-io.ts';
import { ago, now, pictures } from '../../helpers/terminal/pictures.ts';

const model = (name: keyof typeof pictures): StatusModel => {
  const { parent, children } = pictures[name]();
  const merged = mergeStatus(parent, children);
  if (!merged) throw new Error('the run did not answer');
  return merged;
};
const withStep = (picture: StatusModel, id: string, change: Partial<StatusStep>): StatusModel => ({
  ...picture,
  phases: picture.phases.map((phase) => ({
    ...phase,
    steps: phase.steps.map((step) => (step.id === id ? { ...step, ...change } : step)),
  })),
});
const at = ago(0);
const lines = (before: StatusModel | undefined, after: StatusModel): string[] =>
  changes(before, after, at).flatMap(eventLines);
const step = 'apiserver/address';

describe('what changed between two pictures', () => {
  it('is nothing between two that are the same', () => {
    for (const name of ['running', 'blocked', 'leaving'] as const) expect(lines(model(name), model(name))).toEqual([]);
  });

  it('tells why a step waits, how long already, and again only when the reason is another', () => {
    const waits = model('running');
    const reason = '2026-11-24T12:10:00Z waiting apiserver/address (18s): the load balancer has given no address yet';
    expect(lines(undefined, waits)).toContain(reason);
    expect(lines(withStep(waits, step, { status: 'pending', detail: null, startedAt: null }), waits)).toEqual([
      '2026-11-24T12:09:42Z running apiserver/address: Wait for the address of federation-apiserver',
      reason,
    ]);
    const other = withStep(waits, step, { detail: 'lb.example does not resolve' });
    expect(lines(waits, other)).toEqual([
      '2026-11-24T12:10:00Z waiting apiserver/address (18s): lb.example does not resolve',
    ]);
  });

  it('tells a block with its reason and every way out', () => {
    const step = 'clusters/member-2/identity';
    const told = lines(undefined, model('blocked')).filter((line) => line.includes(step) || line.includes('fix:'));
    expect(told[0]).toMatch(/ blocked clusters\/member-2\/identity: .*may not create serviceaccounts/);
    expect(told.length).toBeGreaterThan(1);
  });

  it('tells what a member comes to owe, and that it has paid', () => {
    const debt = { cluster: 'member-2', since: ago(60), objects: 4, nextAttemptAt: null };
    const [free, owing] = [model('leaving'), { ...model('leaving'), debts: [debt] }];
    expect(lines(free, owing)).toEqual(['2026-11-24T12:10:00Z debt of member-2 owed: 4 objects to clean up']);
    expect(lines(owing, owing)).toEqual([]);
    expect(lines(owing, free)).toEqual(['2026-11-24T12:10:00Z debt of member-2 paid']);
  });

  it('calls nothing joining in a turn-down, and says undone once', () => {
    const told = lines(undefined, model('leaving'));
    expect(told.filter((line) => line.includes('joining'))).toEqual([]);
    expect(told.filter((line) => /^\S+ cluster /.test(line))).toEqual([
      '2026-11-24T12:10:00Z cluster member-1 unjoined',
    ]);
    const undone = told.filter((line) => line.includes(' undone '));
    expect(undone.length).toBeGreaterThan(0);
    expect(undone.filter((line) => line.includes('Undone'))).toEqual([]);
  });

  it('keeps to one line of a bearable length, whatever an activity says of itself', () => {
    const detail = `first\nsecond ${'x'.repeat(1000)}`;
    const [line = ''] = lines(model('running'), withStep(model('running'), step, { detail }));
    expect(line).toMatch(/first second x+…$/);
    expect(line).toHaveLength(300);
  });
});

describe('the log of a run that nobody watches on a terminal', () => {
  it('gives a sign of life after half a minute in which nothing changed', () => {
    const io = fakeIo();
    let time = now;
    const display = lineDisplay(io, () => time);
    display.update(model('running'));
    const said = io.err.length;
    time += 29_000;
    display.update(model('running'));
    expect(io.err).toHaveLength(said);
    time += 1_000;
    display.update(model('running'));
    expect(io.err.slice(said)).toEqual(['2026-11-24T12:10:30Z running, at apiserver/address (48s), dns/zone (49s)']);
  });

  it('does not repeat a reason that was only out of sight for one picture', () => {
    const io = fakeIo();
    const display = lineDisplay(io, () => now);
    const waits = model('running');
    display.update(waits);
    const said = io.err.length;
    display.update(withStep(waits, step, { detail: null }));
    display.update(waits);
    expect(io.err.slice(said)).toEqual([]);
  });
});
