import { defaultTaskQueue } from '../run/input.ts';

/** FEDCTL_TASK_QUEUE, or the queue that workers poll by default. */
export const taskQueueOf = (env: NodeJS.ProcessEnv): string => env['FEDCTL_TASK_QUEUE'] || defaultTaskQueue;
