import { expect, it } from '@jest/globals';
import { newestTag } from '../../src/images/newest-tag.ts';

it.each([
  [['v1.9.0', 'v1.10.0', 'v1.2.0'], 'v1.10.0'],
  [['v1.5.0-beta.10', 'v1.5.0-beta.9', 'v1.5.0-alpha.11'], 'v1.5.0-beta.10'],
  [['v1.5.0-beta.1', 'v1.5.0', 'v1.5.0-rc.2'], 'v1.5.0'],
  [['latest', 'main', 'v1.4', 'zzz', 'v1.4.0-1', 'gabc123def456'], 'v1.4'],
  [['1.4.1', 'v1.4.0'], '1.4.1'],
  [['v1.4.0', 'v1.4.0_build2'], 'v1.4.0_build2'],
  [['v1.4.0-1.beta', 'v1.4.0-beta'], 'v1.4.0-beta'],
  [['v1.4.0-beta', 'v1.4.0-beta.1'], 'v1.4.0-beta.1'],
  [['v1.10.0', 'v1.11.0-beta.1', 'v1.9.0'], 'v1.10.0'],
])('of %j it is %s, in any order', (tags, newest) => {
  expect(newestTag(tags)).toBe(newest);
  expect(newestTag([...tags].reverse())).toBe(newest);
});

it('is none where no tag is a version', () => {
  expect(newestTag(['latest', 'main', '2024'])).toBeUndefined();
  expect(newestTag([])).toBeUndefined();
});
