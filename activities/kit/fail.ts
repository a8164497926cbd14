import { types } from 'node:util';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { errorCodes, type ErrorCodeName, type ErrorData, isErrorCode } from '../../src/errors/codes.ts';
import { currentContext } from './context.ts';
import { atMost, redact } from './redact.ts';

/** Longest message that goes into history, bytes. */
const messageBytes = 2_000;

/**
 * The one place that makes failures. `type` is the code; whether Temporal retries is the table's word.
 * The message says what is wrong in particular (lowercase, no period, with the wrong value); it is redacted here.
 */
export function failure(
  code: ErrorCodeName,
  message: string,
  data: ErrorData = {},
  options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
): ApplicationFailure {
  const { retry } = errorCodes[code];
  return ApplicationFailure.create({
    type: code,
    message: atMost(redact(message), messageBytes),
    details: [data],
    nonRetryable: retry === 'never',
    ...(retry === 'waiting' ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(retry === 'later' && options.retryAfterMs ? { nextRetryDelay: options.retryAfterMs } : {}),
  });
}

/** A parked step is looked at slowly whatever its error: the same failure, but one that Temporal retries. */
export function retryable(error: ApplicationFailure): ApplicationFailure {
  return ApplicationFailure.create({
    type: error.type ?? 'BUG',
    message: error.message,
    details: error.details ?? [],
    nonRetryable: false,
    category: ApplicationFailureCategory.BENIGN,
    ...(error.nextRetryDelay ? { nextRetryDelay: error.nextRetryDelay } : {}),
  });
}

const unreachable = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH',
  'ECONNABORTED', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]); // prettier-ignore
const tls = /^(CERT_|ERR_TLS|ERR_SSL|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH)/;

/** Also for errors of another realm (Node's own, seen from a vm context), which no `instanceof` knows. */
const isError = (value: unknown): value is Error => types.isNativeError(value) || value instanceof Error;

function codeOf(error: unknown): string | undefined {
  for (let at: unknown = error; isError(at); at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    if (typeof code === 'string') return code;
  }
  return undefined;
}

function textOf(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; isError(at); at = at.cause) parts.push(at.message);
  return [...new Set(parts)].filter(Boolean).join(': ') || String(error);
}

const secondsOf = ({ timeoutMs = 30_000 }: { timeoutMs?: number | undefined }): number => timeoutMs / 1_000;

/** Any error on the way to a server, as a failure of the table. What is one already, and a cancellation, pass through. */
export function classify(
  error: unknown,
  about: { server: string; what?: string | undefined; timeoutMs?: number | undefined },
): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const { signal } = currentContext();
  if (signal.aborted)
    return signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('cancelled');
  const data = { server: about.server };
  const what = about.what ? ` (${about.what})` : '';
  if (isError(error) && error.name === 'TimeoutError') {
    return failure('UNREACHABLE', `${about.server} did not answer within ${secondsOf(about)} s${what}`, data);
  }
  const code = codeOf(error);
  if (code && tls.test(code))
    return failure('TLS_MISMATCH', `${about.server}: ${textOf(error)} (${code})${what}`, data);
  if (code && unreachable.has(code))
    return failure('UNREACHABLE', `${about.server} cannot be reached: ${code}${what}`, data);
  return bug(error);
}

/** HTTP status of an answer, as a failure. `message` is the server's own word. */
export function httpFailure(
  answer: { status: number; message: string; reason?: string | undefined; retryAfterMs?: number | undefined },
  about: { server: string; what: string },
): ApplicationFailure {
  const data = { server: about.server, status: answer.status, reason: answer.reason };
  const text = `${about.what}: ${answer.message || `status ${answer.status}`}`;
  return failure(codeOfStatus(answer.status), text, data, { retryAfterMs: answer.retryAfterMs });
}

function codeOfStatus(status: number): ErrorCodeName {
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 404) return 'NOT_FOUND';
  if (status === 409) return 'CONFLICT';
  if (status === 429) return 'RATE_LIMITED';
  if (status === 408 || status >= 500) return 'SERVER_ERROR';
  return 'INVALID';
}

/** What the worker's own machine answers to a write when it has no room, or lets nobody write. */
const diskFull = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** An error nobody expected: ours, unless the worker's disk is full. Its stack goes to the worker's log, not into history. */
export function bug(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure && error.type && isErrorCode(error.type)) return error;
  const code = codeOf(error);
  if (!code || !diskFull.has(code)) return failure('BUG', textOf(error));
  const { path } = error as NodeJS.ErrnoException;
  return failure('DISK_FULL', `the worker cannot write ${path ?? 'a file'} (${code})`, { path });
}
