import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { redact } from '../kit/redact.ts';

/** What is known of a part, or why it is not. */
export type ReadResult<T> = { value: T } | { why: string };

/** A part, if it answers within `ms`. What it throws, and that it is late, is a sentence; nothing is thrown. */
export async function tryRead<T>(ms: number, what: string, ask: () => Promise<T>): Promise<ReadResult<T>> {
  // A little longer than a request of its own may take: that knows better what it waited for.
  const late = sleep(ms + 250, { why: `${what} did not answer within ${ms / 1_000} s` }, { ref: false });
  const asked = ask().then(
    (value) => ({ value }),
    (error: unknown) => ({ why: sayFailure(error) }),
  );
  return Promise.race([asked, late]);
}

function sayFailure(error: unknown): string {
  const text = redact((error as Error).message.split('\n')[0] ?? '');
  return error instanceof ApplicationFailure && error.type ? `${text} (${error.type})` : text;
}
