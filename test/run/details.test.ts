import { expect, it } from '@jest/globals';
import { fixOf } from '../../src/errors.ts';
import { renderDetails } from '../../src/run/details.ts';
import { pictures } from '../helpers/pictures.ts';

const details = (name: keyof typeof pictures): string => {
  const { state } = pictures[name]().parent;
  if (!state) throw new Error('no state');
  return renderDetails(state);
};

it('tells the Web UI what is blocked, since when, and the way on', () => {
  const text = details('blocked');
  expect(text).toContain('**up myfederation: blocked** since 2026-11-24T12:09:00.000Z');
  expect(text).toContain('Waits at clusters/member-2/identity. After the fix: Update `retry`.');
  expect(text).toContain('| member-2 | blocked | clusters/member-2/identity |');
});

it('tells how to mend a blocked step, when it is looked at again, and where to read more', () => {
  const { state } = pictures.blocked().children.find(({ state: own }) => own?.status === 'blocked')!;
  const step = Object.values(state!.steps).find(({ status }) => status === 'blocked')!;
  const text = renderDetails(state!);
  const ways = fixOf(step.error!.code, step.error!.data);
  expect(ways).not.toEqual([]);
  for (const way of ways) expect(text).toContain(`\n- ${way}`);
  expect(text).toContain(`the first time at ${step.nextAttemptAt}`);
  expect(text).toContain(`\`docs/errors.md#${step.error!.code.toLowerCase()}\``);
});

it('says nothing of a way on that it does not know', () => {
  const { state } = pictures.blocked().children.find(({ state: own }) => own?.status === 'blocked')!;
  const step = Object.values(state!.steps).find(({ status }) => status === 'blocked')!;
  const other = { ...step, nextAttemptAt: null, error: { code: 'OTHER', message: 'of another worker', data: {} } };
  const text = renderDetails({ ...state!, steps: { ...state!.steps, [step.id]: other } });
  expect(text.slice(text.indexOf('(OTHER)'))).not.toContain('\n- ');
});

it('does not say that a member joins while it leaves', () => {
  expect(details('leaving')).toContain('| member-2 | unjoining |  |');
  expect(details('leaving')).not.toMatch(/\bjoining\b/);
});
