import { expect, it } from '@jest/globals';
import { allSteps, beforeDownSteps, turnUpSteps } from '../../src/distributions/steps.ts';
import { federation } from '../../src/distributions/federation/index.ts';
import { small } from '../helpers/distributions/small/record.ts';

const table = { federation, small };

it('leaves a step that two distributions have to the first of them, in its place', () => {
  const { 'verify/clusters': shared, ...rest } = turnUpSteps(table);
  expect(shared).toBe(federation.hostSteps['verify/clusters']);
  expect(rest['small/store']).toBe(small.hostSteps['small/store']);
  const ids = Object.keys(turnUpSteps({ federation }));
  expect(Object.keys(turnUpSteps(table)).slice(0, ids.length)).toEqual(ids);
});

it('has what a turn-down does first after what a turn-up does', () => {
  const both = { ...turnUpSteps(table), ...beforeDownSteps(table) };
  expect(Object.keys(allSteps(table))).toEqual(Object.keys(both));
  expect(Object.keys(beforeDownSteps(table))).toEqual(Object.keys(federation.beforeDown));
});
