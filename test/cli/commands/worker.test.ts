import { expect, it } from '@jest/globals';
import { servingOf } from '../../../src/cli/commands/worker.ts';
import { servedQueue } from '../../../worker/health.ts';
import { pollingOf, servings } from '../../../worker/main.ts';

it('serves what the option says, else FEDCTL_SERVE, else everything', () => {
  expect(servingOf(undefined, {})).toBe('all');
  expect(servingOf(undefined, { FEDCTL_SERVE: 'images' })).toBe('images');
  expect(servingOf('runs', { FEDCTL_SERVE: 'images' })).toBe('runs');
  for (const word of servings) expect(servingOf(word, {})).toBe(word);
  expect(() => servingOf('builds', {})).toThrow('--serve builds: not one of all, runs, images');
});

it('polls the queue of runs with workflows, those of images without: one build at a time, and what is bound to it', () => {
  const polled = (serve: (typeof servings)[number]) => pollingOf({ taskQueue: 'q', serve, builder: 'here-1' }, '/code');
  const runs = { taskQueue: 'q', workflowBundle: { codePath: '/code' } };
  const images = { taskQueue: 'q-images', maxConcurrentActivityTaskExecutions: 1 };
  const own = { taskQueue: 'q-images-here-1', maxConcurrentActivityTaskExecutions: expect.any(Number) };
  expect(polled('all')).toEqual([runs, images, own]);
  expect(polled('all')[2]!.maxConcurrentActivityTaskExecutions).toBeGreaterThan(1);
  expect(polled('runs')).toEqual([runs]);
  expect(polled('images')).toEqual([images, own]);
});

it('is healthy by the queue that it serves', () => {
  expect(servedQueue({})).toBe('fedctl');
  expect(servedQueue({ FEDCTL_TASK_QUEUE: 'q', FEDCTL_SERVE: 'images' })).toBe('q-images');
  expect(servedQueue({ FEDCTL_TASK_QUEUE: 'q', FEDCTL_SERVE: 'runs' })).toBe('q');
});
