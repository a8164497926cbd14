import { fixOf } from '../errors/codes.ts';
import type { StepError } from '../errors/step-error.ts';
import { defaultObjects } from './unsaid.ts';

/**
 * How to fix an error of a run, `federation` being its name. An error brings the names of the objects that its fix speaks
 * of; one that was stored before errors did is of the distribution that is meant where none is said.
 */
export const fixOfError = ({ code, data }: Pick<StepError, 'code' | 'data'>, federation?: string): string[] =>
  fixOf(code, { ...defaultObjects, ...data }, federation);
