import { defineErrors } from './types.ts';

/** Codes of commands, spec files and their surroundings. */
export const specErrors = defineErrors({
  SPEC_INVALID: {
    retry: 'never',
    title: 'the spec file has problems',
    fix: () => ['correct what the lines above say, each at its place', 'every field and its values: docs/spec.md'],
  },
});
