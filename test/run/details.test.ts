import { expect, it } from '@jest/globals';
import { type ErrorData, fixOf } from '../../src/errors/codes.ts';
import { renderDetails } from '../../src/run/details.ts';
import type { RunState } from '../../src/run/state.ts';
import { pictures } from '../helpers/terminal/pictures.ts';

const details = (name: keyof typeof pictures): string => {
  const { state } = pictures[name]().parent;
  if (!state) throw new Error('no state');
  return renderDetails(state);
};

it('tells the Web UI what is blocked, since when, and the way on', () => {
  const text = details('blocked');
  expect(text).toContain('**up myfederation: blocked** since 2026-11-24 12:09:00 UTC');
  expect(text).toContain('Blocked at clusters/member-2/identity. After the fix: Update `retry`.');
  expect(text).toContain('| member-2 | blocked | clusters/member-2/identity |');
  expect(text).toContain('| clusters | 1 of 2 | ❚❚ blocked member-2 |');
  // What the member waits for is told here too, with the way out, before the tables.
  const why = text.indexOf('**clusters/member-2/identity** (FORBIDDEN) since 2026-11-24 12:09:00 UTC: the user of');
  expect(why).toBeGreaterThan(0);
  expect(why).toBeLessThan(text.indexOf('| phase |'));
  expect(text).toContain('- grant the user of the context');
});

it('tells of a fleet who is blocked first, and of many only some at length', () => {
  expect(details('fleet')).toContain('| clusters | 20 of 30 | ❚❚ blocked member-21<br>▶ member-22, member-23');
  expect(details('fleet').split('| --- | --- | --- |\n').at(-1)).toMatch(/^\| member-21 \| blocked \|/);
  const { state } = pictures.fleet().parent;
  const { block } = Object.values(pictures.blocked().parent.state!.clusters).find(
    ({ status }) => status === 'blocked',
  )!;
  const all = Object.entries(state!.clusters).map(([name, cluster]) => [
    name,
    { ...cluster, status: 'blocked', blockedStep: block!.id, block },
  ]);
  const text = renderDetails({ ...state!, clusters: Object.fromEntries(all) as RunState['clusters'] });
  expect(text.split('(FORBIDDEN)')).toHaveLength(6);
  expect(text).toContain('\nand 25 more members: their own runs say why\n');
  expect(text).toContain('❚❚ blocked member-01, member-02, member-03, member-04, member-05 and 25 more');
});

it('tells how to fix a blocked step, when it is looked at again, and where to read more', () => {
  const { state } = pictures.blocked().children.find(({ state: own }) => own?.status === 'blocked')!;
  const step = Object.values(state!.steps).find(({ status }) => status === 'blocked')!;
  const text = renderDetails(state!);
  const ways = fixOf(step.error!.code, step.error!.data);
  expect(ways).not.toEqual([]);
  for (const way of ways) expect(text).toContain(`\n- ${way}`);
  expect(text).toContain(`first at 2026-11-24 12:10:30 UTC`);
  expect(text).toContain(`\`docs/errors.md#${step.error!.code.toLowerCase()}\``);
});

it('names the objects of the federation in the fix of an error that was stored without their names', () => {
  const { state } = pictures.blocked().children.find(({ state: own }) => own?.status === 'blocked')!;
  const step = Object.values(state!.steps).find(({ status }) => status === 'blocked')!;
  const fixOfStored = (code: string, data: ErrorData): string => {
    const stored = { ...step, error: { code, message: 'not yet', data } };
    return renderDetails({ ...state!, steps: { ...state!.steps, [step.id]: stored } });
  };
  expect(fixOfStored('NO_ADDRESS', {})).toContain('kubectl describe service federation-apiserver');
  expect(fixOfStored('CLAIM_NOT_BOUND', {})).toContain('kubectl describe pvc federation-apiserver-etcd-claim');
  expect(fixOfStored('NO_ADDRESS', { service: 'small-api' })).toContain('kubectl describe service small-api');
});

it('says nothing of a way on that it does not know', () => {
  const { state } = pictures.blocked().children.find(({ state: own }) => own?.status === 'blocked')!;
  const step = Object.values(state!.steps).find(({ status }) => status === 'blocked')!;
  const other = { ...step, nextAttemptAt: null, error: { code: 'OTHER', message: 'of another worker', data: {} } };
  const text = renderDetails({ ...state!, steps: { ...state!.steps, [step.id]: other } });
  expect(text.slice(text.indexOf('(OTHER)'))).not.toContain('\n- ');
});

it('asks for nothing once the run has ended, and says where it stood', () => {
  const text = details('cancelled');
  expect(text).toContain('**up myfederation: cancelled**\n');
  expect(text).toContain('It was blocked at clusters/member-2/identity when it ended.');
  expect(text).not.toMatch(/Update|or wait/);
});

it('does not say that a member joins while it leaves', () => {
  expect(details('leaving')).toContain('| member-2 | unjoining |  |');
  expect(details('leaving')).not.toMatch(/\bjoining\b/);
});
