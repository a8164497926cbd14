import { currentContext } from './context.ts';

/** ms that one request may take in all, its answer included. */
export const requestTimeoutMs = 30_000;

/** The end of one request: it timed out, or its activity is cancelled. */
export interface Deadline {
  signal: AbortSignal;
  /** What a request was ended by: a TimeoutError when its time was over, whatever the library made of that. */
  cause(error: unknown): unknown;
}

/** A deadline that begins now. */
export function deadline(timeoutMs: number): Deadline {
  const cancelled = currentContext().signal;
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(timeoutMs)]);
  return { signal, cause: (error) => (signal.aborted && !cancelled.aborted ? signal.reason : error) };
}
