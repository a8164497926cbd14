import { commonErrors } from './common.ts';
import { dnsErrors } from './dns.ts';
import { hostErrors } from './host.ts';
import { imagesErrors } from './images.ts';
import { membersErrors } from './members.ts';
import { preflightErrors } from './preflight.ts';
import { runErrors } from './run.ts';
import { specErrors } from './spec.ts';
import type { ErrorCode, ErrorData } from './types.ts';

export type { ErrorCode, ErrorData, RetryKind } from './types.ts';

/** THE table of error codes, one part a noun. docs/errors.md is generated from it. */
export const errorCodes = {
  ...commonErrors,
  ...runErrors,
  ...preflightErrors,
  ...specErrors,
  ...hostErrors,
  ...imagesErrors,
  ...dnsErrors,
  ...membersErrors,
} satisfies Record<string, ErrorCode>;

/** Every code that fedctl can print. */
export type ErrorCodeName = keyof typeof errorCodes;

/** Tells a code of ours from any other string (an error of another tool's worker, say). */
export const isErrorCode = (name: string): name is ErrorCodeName => Object.hasOwn(errorCodes, name);

/** How to fix an error of the table, NAME being the federation; nothing for a code that is not ours. */
export const fixOf = (code: string, data: ErrorData, federation = 'NAME'): string[] =>
  isErrorCode(code) ? errorCodes[code].fix(data).map((way) => way.replaceAll(/\bNAME\b/g, federation)) : [];

/** Where a code is described: the page is generated from the table, and has an anchor for each. Undefined: not ours. */
export const pageOf = (code: string): string | undefined =>
  isErrorCode(code) ? `docs/errors.md#${code.toLowerCase()}` : undefined;
