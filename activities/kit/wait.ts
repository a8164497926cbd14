import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import type { ErrorCodeName, ErrorData } from '../../src/errors/codes.ts';
import type { StepCall } from '../../src/catalogue/call.ts';
import { currentContext } from './context.ts';
import { failure } from './fail.ts';
import { atMost, redact } from './redact.ts';

/**
 * What one probe found: what was waited for, or why not yet. `code` says it more exactly than the wait's own; `final`: no waiting
 * will fix it; `afterMs`: how long the server asks to be left alone.
 */
export type ProbeResult<T> = { value: T } | { why: string; code?: ErrorCodeName; final?: boolean; afterMs?: number };

/** ms between probes, unless a caller says otherwise. */
const everyDefaultMs = 1_000;
const detailBytes = 1_000;

/**
 * Probes until there is a value, at least once, for call.waitMs from the moment the activity was first scheduled
 * (attempts of a worker that died count), or from `from`, ms since 1970. While it waits, heartbeats say why. Throws
 * failure(code, why) after that, or at a result that is final; errors that may pass by themselves count as a why,
 * others are thrown at once.
 */
export async function waitUntil<T>(
  call: Pick<StepCall, 'waitMs'>,
  code: ErrorCodeName,
  probe: () => Promise<ProbeResult<T>>,
  options: { everyMs?: number; data?: ErrorData; from?: number } = {},
): Promise<T> {
  const context = currentContext();
  const deadline = (options.from ?? context.scheduledAt) + call.waitMs;
  for (;;) {
    const result = await probeOnce(probe);
    if ('value' in result) return result.value;
    context.heartbeat(atMost(redact(result.why), detailBytes));
    if (result.final || Date.now() >= deadline) throw failure(result.code ?? code, result.why, options.data);
    const next = Math.max(options.everyMs ?? everyDefaultMs, result.afterMs ?? 0);
    await pause(Math.min(next, Math.max(50, deadline - Date.now())), context.signal);
  }
}

async function probeOnce<T>(probe: () => Promise<ProbeResult<T>>): Promise<ProbeResult<T>> {
  try {
    return await probe();
  } catch (error) {
    if (error instanceof ApplicationFailure && !error.nonRetryable && error.type !== 'BUG')
      return { why: error.message, ...askedToWait(error) };
    throw error;
  }
}

const askedToWait = ({ nextRetryDelay }: ApplicationFailure): { afterMs?: number } =>
  nextRetryDelay ? { afterMs: msToNumber(nextRetryDelay) } : {};

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    throw signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('cancelled');
  }
}
