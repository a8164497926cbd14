/** A spec is a page or two; more than this is some other file. */
export const maxFileBytes = 1024 * 1024;
