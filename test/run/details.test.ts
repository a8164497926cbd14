import { expect, it } from '@jest/globals';
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

it('does not say that a member joins while it leaves', () => {
  expect(details('leaving')).toContain('| member-2 | unjoining |  |');
  expect(details('leaving')).not.toMatch(/\bjoining\b/);
});
