import { ApplicationFailure } from '@temporalio/common';
import { stepErrorOf } from '../../errors/step-error.ts';
import { fixOfError } from '../../distributions/fix.ts';
import { CliError, exit } from './exit.ts';

/** What a read in this process threw, as an ending for a person; what is no failure of the table stays a bug. */
export function readFailure(error: unknown): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  const { code, message, data } = stepErrorOf(error);
  return new CliError(exit.failed, message, fixOfError({ code, data }), { code, data });
}
