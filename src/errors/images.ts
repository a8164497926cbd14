import { defineErrors } from './types.ts';

/** Codes about images, engines and registries. */
export const imagesErrors = defineErrors({});
