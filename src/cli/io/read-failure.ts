import { ApplicationFailure } from '@temporalio/common';
import { fixOf, type ErrorData } from '../../errors/codes.ts';
import { CliError, exit } from './exit.ts';

/** What a read in this process threw, as an ending for a person; what is no failure of the table stays a bug. */
export function readFailure(error: unknown): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  const code = error.type ?? 'BUG';
  const data = (error.details?.[0] ?? {}) as ErrorData;
  return new CliError(exit.failed, error.message, fixOf(code, data), { code, data });
}
