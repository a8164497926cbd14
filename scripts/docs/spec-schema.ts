import { z } from 'zod';
import { bare } from '../../src/spec/schema-walk.ts';
import { schemaOfFile } from '../../src/distributions/parse.ts';

/** As much of JSON Schema as zod writes for a spec. */
export interface JsonSchema {
  type?: string | string[];
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  [key: string]: unknown;
}

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** `10m` of 600000: the largest unit that leaves nothing over. */
const durationText = (ms: number): string => {
  const [unit, size] = units.find(([, size]) => ms % size === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
};

/**
 * What may stand in a file, for editors and for docs/spec.md. A field that fedctl fills in from another is not
 * required here, and defaults are as a person would write them.
 */
export function specSchema(): JsonSchema {
  const schema = z.toJSONSchema(schemaOfFile('federation'), {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (!(zodSchema instanceof z.ZodDefault) || !(bare(zodSchema) instanceof z.ZodString)) return;
      const value: unknown = zodSchema.def.defaultValue;
      jsonSchema.default = typeof value === 'number' ? durationText(value) : value;
    },
  }) as JsonSchema;
  const dns = schema.properties?.['spec']?.properties?.['dns'];
  if (dns?.required) dns.required = dns.required.filter((key) => key !== 'domain');
  return { ...schema, title: 'Federation of fedctl' };
}
