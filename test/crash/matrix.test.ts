import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sandboxId } from '../e2e/world.ts';
import { type Course, plannedSpec, runCourse } from './course.ts';
import { Looker, lostBetween, madeAgain, saidBy } from './objects.ts';
import { type Act, keyOf, keyOfWrite, type Moment, moments } from './orders.ts';
import { startQuickWorld } from './quick/world.ts';
import { matrixTable } from './table.ts';
import { keysOf, leftOut, wantedActs } from './wanted.ts';

/** Federations that share the deaths of one moment; a middle has one for every write. */
const shares: Record<Moment, number> = { before: 2, middle: 3, after: 2 };
const operations = ['up', 'join', 'unjoin', 'down'] as const;
const mortals = moments.flatMap((moment) =>
  Array.from({ length: shares[moment] }, (_, part) => ({ name: `${moment}-${part + 1}`, moment, part })),
);

/**
 * Every step of up, join, unjoin and down, killed before it, after each thing that it does, and when all is done but
 * Temporal not told. The federations live side by side on quick clusters; one is left alone, and the others must
 * become what it is.
 */
describe('the crash matrix', () => {
  const began = Date.now();
  let stop: (() => Promise<void>) | undefined;
  let looker: Looker;
  let members: string[];
  let clusterDnsBefore: string[];
  let acts: Act[];
  let missing: string[];
  let alone: Course;
  const courses = new Map<string, Course>();

  const clusterDns = (): Promise<string[]> => Promise.all(members.map((member) => looker.clusterDns(member)));
  const deaths = (): Course['deaths'] => [...courses.values()].flatMap((course) => course.deaths);

  beforeAll(async () => {
    const world = await startQuickWorld(sandboxId);
    stop = world.stop;
    ({ members } = world);
    const dnsKey = (await readFile(world.env['PDNS_API_KEY_FILE'] ?? '', 'utf8')).trim();
    looker = new Looker(world.env, 'nobody', members);
    const spec = plannedSpec('alone', world, members.slice(0, 1));
    const [joining] = plannedSpec('alone', world, members.slice(1)).clusters;
    acts = wantedActs(spec, joining!);
    missing = leftOut(spec);
    clusterDnsBefore = await clusterDns();
    const lives = mortals.map(async ({ name, moment, part }) => {
      const all = { moment, part, parts: shares[moment] };
      courses.set(name, await runCourse(name, { ...world, dnsKey }, (operation) => ({ operation, all })));
    });
    alone = await runCourse('alone', { ...world, dnsKey }, (operation) => ({ operation }));
    await Promise.all(lives);
  }, 3_600_000);

  afterAll(async () => {
    if (alone) {
      const table = matrixTable(acts, deaths(), new Set(keysOf(alone.writes)));
      const times = [alone, ...courses.values()].map(
        ({ federation, deaths: own, seconds }) => `${federation.padEnd(10)} ${own.length} deaths, ${seconds} s`,
      );
      const total = `${deaths().length} deaths in ${Math.round((Date.now() - began) / 1_000)} s`;
      process.stdout.write(`\n${table}\n\n${times.join('\n')}\n${total}\n`);
    }
    await stop?.();
  }, 60_000);

  it('has a federation that does every step of the catalogue', () => {
    expect(missing).toEqual([]);
    expect(keysOf(alone.writes).filter((key) => !keysOf(acts).includes(key))).toEqual([]);
  });

  it.each(['before', 'after'] as const)('kills a worker %s every step', (moment) => {
    const died = new Set(
      deaths()
        .filter((death) => death.moment === moment)
        .map((death) => keyOf(death)),
    );
    expect(acts.map((act) => keyOf(act)).filter((act) => !died.has(act))).toEqual([]);
  });

  it('kills a worker in the middle of every step, after each thing that it does', () => {
    const died = new Set(deaths().map((death) => keyOfWrite(death, death.write ?? '')));
    const done = new Set(alone.writes.map((write) => keyOfWrite(write, write.write)));
    expect([...done].filter((write) => !died.has(write))).toEqual([]);
  });

  it('kills each worker once', () => {
    for (const { deaths: own } of courses.values()) {
      const keys = own.map((death) => keyOf(death, death.moment, death.write ?? ''));
      expect(keys).toEqual([...new Set(keys)]);
    }
  });

  describe.each(['alone', ...mortals.map(({ name }) => name)])('%s', (name) => {
    const course = (): Course => (name === 'alone' ? alone : courses.get(name)!);

    it('ends everything well', () => {
      const ends = operations.map((operation) => course().stages[operation]?.end);
      expect(ends).toEqual(operations.map(() => ({ code: 0, tail: '' })));
    });

    it.each(operations)('has after %s what the undisturbed one has', (operation) => {
      const said = saidBy(course().stages[operation].stood, name);
      const wanted = saidBy(alone.stages[operation].stood, 'alone');
      if (operation !== 'down') expect(Object.keys(wanted).length).toBeGreaterThan(20);
      expect(said).toEqual(wanted);
      expect(course().stages[operation].zone).toEqual(alone.stages[operation].zone);
    });

    it('made each object once, and kept it', () => {
      const { timesMade, stages } = course();
      expect(Object.entries(timesMade).filter(([, times]) => times !== 1)).toEqual([]);
      expect(
        Object.keys(timesMade)
          .map((key) => key.replaceAll(name, 'NAME'))
          .sort(),
      ).toEqual(
        Object.keys(alone.timesMade)
          .map((key) => key.replaceAll('alone', 'NAME'))
          .sort(),
      );
      const all = operations.flatMap((operation) => [...stages[operation].atDeaths, stages[operation].stood]);
      expect(madeAgain(all)).toEqual([]);
      for (const operation of ['up', 'join'] as const) {
        expect(lostBetween(stages[operation].atDeaths, stages[operation].stood)).toEqual([]);
      }
    });

    it('left nothing', () => {
      const { stages, known } = course();
      expect(stages.down.stood).toEqual({});
      expect(stages.down.zone).toBeUndefined();
      expect(known).toEqual({ up: true, down: false });
    });
  });

  it('gave the members their cluster DNS back as it was', async () => {
    expect(await clusterDns()).toEqual(clusterDnsBefore);
  });
});
