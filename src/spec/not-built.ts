import type { Finding, Path } from './problem.ts';
import { valueAt } from './issues.ts';

/** A value that the schema knows and fedctl does not do yet. Delete the row when it does. */
interface NotBuilt {
  path: Path;
  value: unknown;
  instead: string;
}

export const notBuilt: readonly NotBuilt[] = [
  { path: ['spec', 'distribution'], value: 'karmada', instead: 'write federation, or leave the field out' },
];

/** What of this file waits for a later fedctl. */
export const findNotBuilt = (data: unknown): Finding[] =>
  notBuilt
    .filter(({ path, value }) => valueAt(data, path) === value)
    .map(({ path, value, instead }) => ({
      path,
      message: `${String(value)} is not built yet`,
      hint: instead,
      code: 'NOT_BUILT_YET',
    }));
