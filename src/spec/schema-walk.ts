import { z } from 'zod';
import type { Path } from './problem.ts';
import type { FileSchema } from './schema.ts';

/** The schema behind `.optional()`, `.default()`, `.prefault()` and transforms. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return bare(schema.def.innerType);
  if (schema instanceof z.ZodPipe) return bare(schema.def.in);
  return schema;
}

function child(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject && Object.hasOwn(schema.shape, part)) return schema.shape[part] as z.core.$ZodType;
  if (schema instanceof z.ZodArray && typeof part === 'number') return schema.element as z.core.$ZodType;
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  return undefined;
}

/** What the schema wants at a path; undefined where it knows nothing. */
export function schemaAt(file: FileSchema, path: Path): z.core.$ZodType | undefined {
  return path.reduce<z.core.$ZodType | undefined>((schema, part) => {
    const inner = schema && child(schema, part);
    return inner && bare(inner);
  }, file);
}

/** Keys that the mapping at a path may have; empty where any key, or none, is allowed. */
export function keysAt(file: FileSchema, path: Path): string[] {
  const schema = schemaAt(file, path);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Every path of the schema, dotted, with `[]` for the items of a list. */
export const allPaths = (file: FileSchema): string[] => allKeys(file, '');

/** Those that end in this key. */
export const pathsEndingIn = (file: FileSchema, key: string): string[] =>
  allPaths(file).filter((path) => path.split('.').at(-1) === key);

function allKeys(schema: z.core.$ZodType, at: string): string[] {
  const plain = bare(schema);
  if (plain instanceof z.ZodArray) return allKeys(plain.element as z.core.$ZodType, `${at}[]`);
  if (!(plain instanceof z.ZodObject)) return [];
  return Object.entries(plain.shape).flatMap(([key, inner]) => {
    const path = at === '' ? key : `${at}.${key}`;
    return [path, ...allKeys(inner as z.core.$ZodType, path)];
  });
}
