/** A mapping of keys to values, as JSON and YAML have it. */
export type Json = Record<string, unknown>;

/** Whether a value is a mapping, and neither a list nor null. */
export const isMap = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
