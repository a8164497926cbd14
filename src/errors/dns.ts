import { defineErrors } from './types.ts';

/** Codes about DNS zones, providers and delegation. */
export const dnsErrors = defineErrors({});
