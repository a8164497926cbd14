import type { ErrorData } from '../../errors/codes.ts';

/** Exit codes; they are API (README.md, Commands). */
export const exit = {
  done: 0,
  failed: 1,
  changes: 2,
  checkFailed: 3,
  timedOut: 4,
  declined: 5,
  blocked: 6,
  refused: 7,
  usage: 64,
  bug: 70,
  detached: 130,
} as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/** An ending that a person can do something about: printed without a stack trace. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** One way out a line. */
  readonly fix: readonly string[];
  /** Word of the table in src/errors/codes.ts, where there is one. */
  readonly code: string | undefined;
  readonly data: ErrorData;

  /** @param message lowercase, no period, holds the wrong value; never a secret */
  constructor(
    exitCode: ExitCode,
    message: string,
    fix: readonly string[] = [],
    about: { code?: string; data?: ErrorData } = {},
  ) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.fix = fix;
    this.code = about.code;
    this.data = about.data ?? {};
  }
}

/** Wrong flags, arguments or spec: exit 64. */
export const usageError = (message: string, fix: readonly string[] = []): CliError =>
  new CliError(exit.usage, message, fix);

/** Refused, nothing touched: exit 7. */
export const refusal = (message: string, fix: readonly string[] = []): CliError =>
  new CliError(exit.refused, message, fix);
