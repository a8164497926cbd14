import type { Finding, Path } from './problem.ts';
import { valueAt } from './issues.ts';

/** A value that the schema knows and fedctl does not do yet. Delete the row when it does. */
interface NotBuilt {
  path: Path;
  value: string;
  instead: string;
}

const notBuilt: readonly NotBuilt[] = [
  { path: ['spec', 'distribution'], value: 'karmada', instead: 'write federation, or leave the field out' },
];

/** Distributions that a spec may name and none is there for. */
export const distributionsNotBuilt: readonly string[] = notBuilt.map(({ value }) => value);

/** What of this file waits for a later fedctl; `there`: distributions that are. */
export const findNotBuilt = (data: unknown, there: readonly string[]): Finding[] =>
  notBuilt
    .filter(({ path, value }) => valueAt(data, path) === value && !there.includes(value))
    .map(({ path, value, instead }) => ({
      path,
      message: `${String(value)} is not built yet`,
      hint: instead,
      code: 'NOT_BUILT_YET',
    }));
