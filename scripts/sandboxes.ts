import { sandboxDown, sandboxUp } from '../sandbox/index.ts';

const log = (line: string): void => console.log(line);

/** Runs `work` while sandboxes of these ids stand; they go when it ends, however it does, and on Ctrl-C. */
export async function inSandboxes<T>(ids: readonly number[], work: () => Promise<T>): Promise<T> {
  const down = (): Promise<unknown> => Promise.allSettled(ids.map((id) => sandboxDown({ id })));
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void down().then(() => process.exit(1)));
  try {
    const ups = await Promise.allSettled(ids.map((id) => sandboxUp({ id, log })));
    const failed = ups.find((up) => up.status === 'rejected');
    if (failed) throw failed.reason;
    return await work();
  } finally {
    await down();
  }
}

/** The environment of tests that share sandboxes of these ids among jest's workers; see test/sandbox.ts. */
export const sharing = (ids: readonly number[]): NodeJS.ProcessEnv => ({
  ...process.env,
  FEDCTL_TEST_SANDBOXES: ids.join(','),
});
