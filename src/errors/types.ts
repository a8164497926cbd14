/**
 * How a failure is treated (docs/faults.md):
 * `never` parks at once; `soon` is retried with the default back-off; `later` is retried when the server says
 * (Retry-After); `waiting` is no fault, only not yet (benign); `bug` is ours.
 */
export type RetryKind = 'never' | 'soon' | 'later' | 'waiting' | 'bug';

/** What an error carries beside its code; everything here is shown to people, so nothing secret. */
export type ErrorData = Record<string, string | number | boolean | undefined>;

/** One row of the table: the code's word is API, its texts are not. */
export interface ErrorCode {
  retry: RetryKind;
  /** What is wrong, in general; the error's own message says it in particular. */
  title: string;
  /** How to fix it, one line each. */
  fix: (data: ErrorData) => string[];
}

/** Keeps the keys of a part of the table as literal types. */
export const defineErrors = <K extends string>(codes: Record<K, ErrorCode>): Record<K, ErrorCode> => codes;
