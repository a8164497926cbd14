import type { LedgerEntry } from '../../../activities/core/ledger.ts';
import { nameOfPlace } from '../../kubernetes/place.ts';
import { formatDuration, table, visibleWidth } from '../io/format.ts';

/** The latest run of a federation, as Temporal itself knows it. */
export interface ListedRun {
  federation: string;
  operation: string;
  status: string;
  /** ISO 8601. */
  startedAt: string;
  workflowId: string;
}

/** Whether all lines fit. */
const fits = (lines: readonly string[], columns: number): boolean =>
  lines.every((line) => visibleWidth(line) <= columns);

/** `fedctl list`: a line a federation; on a narrow terminal two. */
export function runLines(rows: readonly ListedRun[], now: number, columns: number): string[] {
  if (rows.length === 0) return ['no federations; turn one up: fedctl up -f federation.yaml'];
  const age = ({ startedAt }: ListedRun): string => formatDuration(now - Date.parse(startedAt));
  const lines = table([
    ['FEDERATION', 'LAST RUN', 'STATUS', 'AGE'],
    ...rows.map((row) => [row.federation, row.operation, row.status, age(row)]),
  ]);
  if (fits(lines, columns)) return lines;
  return rows.flatMap((row) => [row.federation, `  ${row.operation}, ${row.status}, ${age(row)} ago`]);
}

/** What `fedctl objects` tells of an object; field names are API. */
export type ListedObject = Pick<LedgerEntry, 'kind' | 'namespace' | 'name' | 'uid' | 'step' | 'origin'> & {
  /** `host`, a member's name, `federation` (its own API) or `dns`. */
  cluster: string;
};

/** Objects by cluster, kind and name, with the fields that are told. */
export const listed = (entries: readonly LedgerEntry[]): ListedObject[] =>
  entries
    .map(({ place, kind, namespace, name, uid, step, origin }) => ({
      cluster: nameOfPlace(place),
      kind,
      namespace,
      name,
      uid,
      step,
      origin,
    }))
    .sort((a, b) => [a.cluster, a.kind, a.name].join().localeCompare([b.cluster, b.kind, b.name].join()));

const uidOf = ({ uid }: ListedObject): string => uid || '(intent)';

/** A line an object. A terminal that is too narrow for it gets a block an object: nothing is cut, UIDs are to be copied. */
export function objectLines(rows: readonly ListedObject[], columns: number): string[] {
  const lines = table([
    ['CLUSTER', 'KIND', 'NAMESPACE', 'NAME', 'STEP', 'ORIGIN', 'UID'],
    ...rows.map((row) => [row.cluster, row.kind, row.namespace || '-', row.name, row.step, row.origin, uidOf(row)]),
  ]);
  if (fits(lines, columns)) return lines;
  return rows.flatMap((row) => [
    `${row.cluster}: ${row.kind}`,
    `  ${row.namespace ? `${row.namespace}/` : ''}${row.name}`,
    `  ${row.step}, ${row.origin}`,
    `  ${uidOf(row)}`,
  ]);
}
