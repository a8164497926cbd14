import { expect, it } from '@jest/globals';
import { servingOf } from '../../src/cli/commands/worker.ts';
import { servedQueue } from '../../worker/health.ts';
import { pollingOf, servings } from '../../worker/main.ts';

it('serves what the option says, else FEDCTL_SERVE, else everything', () => {
  expect(servingOf(undefined, {})).toBe('all');
  expect(servingOf(undefined, { FEDCTL_SERVE: 'images' })).toBe('images');
  expect(servingOf('runs', { FEDCTL_SERVE: 'images' })).toBe('runs');
  for (const word of servings) expect(servingOf(word, {})).toBe(word);
  expect(() => servingOf('builds', {})).toThrow('--serve builds: not one of all, runs, images');
});

it('polls the queue of runs with workflows and that of images without, one build at a time', () => {
  const polled = (serve: (typeof servings)[number]) => pollingOf({ taskQueue: 'q', serve }, '/code');
  const runs = { taskQueue: 'q', workflowBundle: { codePath: '/code' } };
  const images = { taskQueue: 'q-images', maxConcurrentActivityTaskExecutions: 1 };
  expect(polled('all')).toEqual([runs, images]);
  expect(polled('runs')).toEqual([runs]);
  expect(polled('images')).toEqual([images]);
});

it('is healthy by the queue that it serves', () => {
  expect(servedQueue({})).toBe('fedctl');
  expect(servedQueue({ FEDCTL_TASK_QUEUE: 'q', FEDCTL_SERVE: 'images' })).toBe('q-images');
  expect(servedQueue({ FEDCTL_TASK_QUEUE: 'q', FEDCTL_SERVE: 'runs' })).toBe('q');
});
