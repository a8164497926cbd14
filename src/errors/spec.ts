import { defineErrors } from './types.ts';

/** Codes of commands, spec files and their surroundings. */
export const specErrors = defineErrors({});
