import { describe, it } from '@jest/globals';
import type { Activities } from '../../../activities/index.ts';

/** What every activity must stand. */
export const columns = [
  'first run',
  'second run, no writes',
  'crash between act and record',
  'permission denied',
  'conflict',
  'not found',
  'timeout',
  'cancelled',
] as const;
export type Column = (typeof columns)[number];

/** The test of one column; or, in words, why this cannot happen to the activity or where else it is tested. */
export type Cell = (() => Promise<void>) | string;

/** The row of one activity in the table that all of them share; test/activities/tables.test.ts finds it by this name. */
export function activityTable(activity: keyof Activities, cells: Record<Column, Cell>): void {
  describe(activity, () => {
    for (const column of columns) {
      const cell = cells[column];
      if (typeof cell !== 'string') it(column, cell);
    }
  });
}
