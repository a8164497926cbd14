import type { SpecPart } from '../spec/part.ts';
import { parseSpec, schemaOf, type Parsed, type ParseInput } from '../spec/parse.ts';
import type { FileSchema } from '../spec/schema.ts';
import { distributionOf, distributions, type DistributionTable } from './table.ts';

/** What the distributions add to the spec: first that of files that name none. */
const partsOf = (table: DistributionTable): [SpecPart, ...SpecPart[]] => {
  const first = distributionOf({}, table).spec;
  return [first, ...Object.values(table).flatMap(({ spec }) => (spec === first ? [] : [spec]))];
};

/**
 * Reads a federation.yaml into a spec: gaps filled from values.yaml, then from the environment, then by defaults; or
 * returns all that is wrong with it, in the order of the text. Never throws, whatever the text.
 */
export const parseFederation = (input: ParseInput, table: DistributionTable = distributions): Parsed =>
  parseSpec(input, partsOf(table));

/** The schema of a file of this distribution. */
export const schemaOfFile = (id: string, table: DistributionTable = distributions): FileSchema =>
  schemaOf(distributionOf(id, table).spec, partsOf(table));
