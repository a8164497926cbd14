import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Operation } from '../../src/run/input.ts';
import { sandboxId } from '../e2e/world.ts';
import { type Course, runCourse } from './course.ts';
import { lostBetween, madeAgain } from './objects.ts';
import { keyOf, type Moment } from './orders.ts';
import { startQuickWorld } from './quick/world.ts';

const operations = ['up', 'join', 'unjoin', 'down'] as const;
/** One death a phase of a turn-up, and one of each other operation; in the middle lies between an object and its UID. */
const orders: Record<Operation, Record<string, Moment>> = {
  up: {
    'preflight/members': 'after',
    'images/build': 'middle',
    'apiserver/deployment': 'middle',
    'dns/zone': 'middle',
    'clusters/member-1/register': 'middle',
    'verify/control-plane': 'before',
  },
  join: { 'clusters/member-2/credentials': 'middle' },
  unjoin: { 'clusters/member-2/register': 'middle' },
  down: { 'apiserver/deployment': 'middle' },
};

/** The short form of the crash matrix: one federation, one death a phase. */
describe('a worker killed once in every phase', () => {
  let stop: (() => Promise<void>) | undefined;
  let course: Course;

  beforeAll(async () => {
    const world = await startQuickWorld(sandboxId);
    stop = world.stop;
    const dnsKey = (await readFile(world.env['PDNS_API_KEY_FILE'] ?? '', 'utf8')).trim();
    course = await runCourse('short', { ...world, dnsKey }, (operation) => ({ operation, steps: orders[operation] }));
  }, 900_000);

  afterAll(() => stop?.(), 60_000);

  it('ends well', () => {
    const ends = operations.map((operation) => course.stages[operation]?.end);
    expect(ends).toEqual(operations.map(() => ({ code: 0, tail: '' })));
  });

  it('died in each phase', () => {
    const wanted = operations.flatMap((operation) =>
      Object.entries(orders[operation]).map(([step, moment]) => keyOf({ operation, step }, moment)),
    );
    expect(course.deaths.map((death) => keyOf(death, death.moment)).sort()).toEqual(wanted.sort());
  });

  it('made each object once, and kept what stood at a death', () => {
    const { timesMade, stages } = course;
    expect(Object.keys(timesMade).length).toBeGreaterThan(20);
    expect(Object.entries(timesMade).filter(([, times]) => times !== 1)).toEqual([]);
    expect(madeAgain(operations.flatMap((one) => [...stages[one].atDeaths, stages[one].stood]))).toEqual([]);
    expect(lostBetween(stages.up.atDeaths, stages.up.stood)).toEqual([]);
  });

  it('leaves nothing', () => {
    expect(course.stages.down.stood).toEqual({});
    expect(course.stages.down.zone).toBeUndefined();
    expect(course.known).toEqual({ up: true, down: false });
  });
});
