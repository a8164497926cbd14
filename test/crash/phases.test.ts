import { randomUUID } from 'node:crypto';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { layout, Operator, root } from '../e2e/world.ts';
import { auditsOf, timesMade } from './audit.ts';
import { readDeaths } from './mortal.ts';
import { Looker, lostBetween, madeAgain, type Picture } from './objects.ts';
import { keyOf, type Moment } from './orders.ts';
import { type End, through } from './through.ts';

const federation = 'phases';
const members = ['member-1', 'member-2'];
/** One death a phase of a turn-up, where it hurts most: in the middle is between an object and the note of its UID. */
const upDeaths: Record<string, Moment> = {
  'preflight/members': 'after',
  'images/build': 'middle',
  'apiserver/deployment': 'middle',
  'dns/zone': 'middle',
  'clusters/member-1/register': 'middle',
  // After the members: a death beside theirs would be counted with them.
  'verify/clusters': 'before',
};
/** And one of the turn-down. */
const downDeaths: Record<string, Moment> = { 'apiserver/deployment': 'middle' };

/** A source that nobody built before: of one that the engine has an image of, no build comes to its middle. */
async function ownSource(operator: Operator): Promise<string> {
  const source = operator.path('source');
  await cp(join(root, 'sandbox/hyperkube'), source, { recursive: true });
  await writeFile(join(source, 'only-here'), randomUUID());
  return source;
}

/** Real pods, load balancers and images: the matrix itself lives on quick clusters. */
describe('a worker killed once in every phase, in the sandbox', () => {
  let operator: Operator;
  let looker: Looker;
  let clusterDnsBefore: string[];
  let clusterDnsUp: string[];
  let clusterDnsAfter: string[];
  let up: End;
  let down: End;
  let stood: Picture;
  const atDeaths: { up: Picture[]; down: Picture[] } = { up: [], down: [] };

  const clusterDns = (): Promise<string[]> => Promise.all(members.map((member) => looker.clusterDns(member)));

  beforeAll(async () => {
    operator = await Operator.create(federation);
    looker = new Looker(operator.env, federation, members);
    clusterDnsBefore = await clusterDns();
    const source = await ownSource(operator);
    const file = await operator.spec(federation, { spec: { images: { build: { source } } } });
    up = await through(operator, federation, { operation: 'up', steps: upDeaths }, ['up', '-f', file], async () => {
      atDeaths.up.push(await looker.look());
    });
    stood = await looker.look();
    clusterDnsUp = await clusterDns();
    const argv = ['down', '-f', file, '--yes', '--volumes', 'delete'];
    down = await through(operator, federation, { operation: 'down', steps: downDeaths }, argv, async () => {
      atDeaths.down.push(await looker.look());
    });
    clusterDnsAfter = await clusterDns();
  }, 600_000);

  afterAll(() => operator?.close());

  it('ends well', () => {
    expect({ up, down }).toEqual({ up: { code: 0, tail: '' }, down: { code: 0, tail: '' } });
  });

  it('died in each phase', () => {
    const wanted = [
      ...Object.entries(upDeaths).map(([step, moment]) => keyOf({ operation: 'up', step }, moment)),
      ...Object.entries(downDeaths).map(([step, moment]) => keyOf({ operation: 'down', step }, moment)),
    ];
    const died = readDeaths(operator.folder).map((death) => keyOf(death, death.moment));
    expect(died.sort()).toEqual(wanted.sort());
  });

  it('made each object once, and kept what stood at the death', async () => {
    const made = await timesMade(auditsOf(layout, members), federation);
    expect(Object.keys(made).length).toBeGreaterThan(20);
    expect(Object.entries(made).filter(([, times]) => times !== 1)).toEqual([]);
    expect(madeAgain([...atDeaths.up, stood, ...atDeaths.down])).toEqual([]);
    expect(lostBetween(atDeaths.up, stood)).toEqual([]);
  });

  it('leaves nothing, and the cluster DNS as it was', async () => {
    expect(Object.keys(stood).length).toBeGreaterThan(20);
    expect(await looker.look()).toEqual({});
    expect(clusterDnsUp.map((text) => text.includes(federation))).toEqual([true, true]);
    expect(clusterDnsAfter).toEqual(clusterDnsBefore);
  });
});
