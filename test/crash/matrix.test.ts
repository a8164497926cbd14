import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { namesOf } from '../e2e/objects.ts';
import { layout, Operator } from '../e2e/world.ts';
import { madeTwice } from './audit.ts';
import { Mortality, type When } from './mortal.ts';

const members = ['member-1', 'member-2'];
const moments: readonly When[] = ['before', 'middle', 'after'];

/** Names of what one federation made, with its own name left out. */
const madeBy = (names: readonly string[], federation: string): string[] =>
  names
    .filter((name) => name.includes(federation))
    .map((name) => name.replaceAll(federation, 'NAME'))
    .sort();

/** How one federation came through up and down. */
interface Course {
  up: { code: number; tail: string };
  down: { code: number; tail: string };
  stood: string[];
  twice: string[];
  deaths: string[];
}

async function upAndDown(looker: Operator, when: When): Promise<Course> {
  const name = `crash-${when}`;
  const mortality = await Mortality.create(name, when);
  const { operator } = mortality;
  try {
    const file = await operator.spec(name, { spec: { policy: { waits: { reach: '2m' } } } });
    const up = await mortality.through('up', '-f', file);
    const stood = madeBy(await namesOf(looker, members), name);
    const down = await mortality.through('down', '-f', file, '--yes', '--volumes', 'delete');
    return { up, down, stood, twice: await madeTwice(layout, members, name), deaths: await mortality.deaths() };
  } finally {
    await operator.close();
  }
}

/** Every step of up and down, killed once at each of three moments, by real workers that die of SIGKILL. */
describe('the crash matrix', () => {
  let looker: Operator;
  let before: string[];
  const courses = new Map<When, Course>();

  beforeAll(async () => {
    looker = await Operator.create('crash-looker');
    before = await namesOf(looker, members);
    // Side by side: three federations of the same members, each dying in its own way, and one that is left alone.
    const all = (['never', ...moments] as const).map(async (when) => courses.set(when, await upAndDown(looker, when)));
    await Promise.all(all);
  }, 2_400_000);

  afterAll(async () => {
    await looker?.close();
    const acts = [...new Set(moments.flatMap((moment) => courses.get(moment)?.deaths ?? []))].sort();
    const line = (cells: readonly string[]): string =>
      cells.map((cell, index) => cell.padEnd(index === 0 ? 64 : 8)).join(' ');
    const rows = acts.map((act) =>
      line([act, ...moments.map((moment) => (courses.get(moment)?.deaths.includes(act) ? 'died' : '-'))]),
    );
    process.stdout.write(`\n${line(['act and step', ...moments])}\n${rows.join('\n')}\n`);
  });

  it.each(['never', ...moments] as const)('ends well when the worker dies %s an act', (when) => {
    const { up, down } = courses.get(when)!;
    expect({ up, down }).toEqual({ up: { code: 0, tail: '' }, down: { code: 0, tail: '' } });
  });

  it.each(moments)('makes the same objects, each once, when the worker dies %s an act', (when) => {
    const { stood, twice } = courses.get(when)!;
    expect(twice).toEqual([]);
    expect(stood.length).toBeGreaterThan(20);
    expect(stood).toEqual(courses.get('never')?.stood);
  });

  it.each(moments)('died at every step of up and down that acts (%s)', (when) => {
    const { deaths } = courses.get(when)!;
    const wanted = when === 'middle' ? 25 : 45;
    expect(deaths.length).toBeGreaterThan(wanted);
    expect(new Set(deaths).size).toBe(deaths.length);
  });

  it('leaves nothing', async () => {
    expect(await namesOf(looker, members)).toEqual(before);
  });
});
