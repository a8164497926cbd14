import { defineErrors } from './types.ts';

/** Codes about member clusters and their cluster DNS. */
export const membersErrors = defineErrors({});
