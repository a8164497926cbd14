import { defineErrors } from './types.ts';

/** Codes about the host cluster and the control plane in it. */
export const hostErrors = defineErrors({});
