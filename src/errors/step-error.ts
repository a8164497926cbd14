import { type ErrorCodeName, type ErrorData, isErrorCode } from './codes.ts';

/** An error as people see it; `code` is a key of the table in codes.ts, or what a worker of another version had. */
export interface StepError {
  code: string;
  message: string;
  data: ErrorData;
}

/** What Temporal's ApplicationFailure has of an error that activities/kit/fail.ts made. */
interface Failure {
  type?: string | null | undefined;
  message: string;
  details?: readonly unknown[] | null | undefined;
}

/** The code of a failure; undefined for an error that is none of the table. */
export function codeOf(error: unknown): ErrorCodeName | undefined {
  const type = (error as { type?: unknown } | null | undefined)?.type;
  return typeof type === 'string' && isErrorCode(type) ? type : undefined;
}

/** What a failure says: its code (BUG without one), its message, and the data that its fix is told by. */
export const stepErrorOf = ({ type, message, details }: Failure): StepError => ({
  code: type ?? 'BUG',
  message,
  data: (details?.[0] ?? {}) as ErrorData,
});

/** A step whose worker gave no answer; `timeoutType` is Temporal's word for which of its times was over. */
export const timedOut = (timeoutType: string | undefined): StepError => ({
  code: 'TIMED_OUT',
  message: `no answer of the worker in time (${timeoutType})`,
  data: {},
});
