import type { HostRef } from '../../catalogue/call.ts';
import type { Temporal } from '../../temporal/client.ts';
import { mergeDebts, openDebts } from './debts.ts';
import type { StatusDebt } from '../views/status-model.ts';
import type { RecordFacts } from '../reads/status-record.ts';

/** ms between two questions for debts: they change seldom, and each is a search. */
const everyMs = 5_000;
/** ms that the host has to tell its record, once the following ends. */
const recordMs = 2_000;

/** What members owe while a run of their federation is followed. */
export interface DebtWatch {
  /** As Temporal told last; asks it anew, without waiting, when that was a while ago. */
  known(): StatusDebt[];
  /** All of them, once: also those that the record alone still knows. Who does not answer is left out. */
  all(host: HostRef | undefined): Promise<StatusDebt[]>;
}

/** Debts of one federation, of Temporal and of the record in its host. */
export function watchDebts(temporal: Temporal, federation: string, env: NodeJS.ProcessEnv): DebtWatch {
  let last: StatusDebt[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  const ask = async (): Promise<void> => {
    askedAt = Date.now();
    last = await openDebts(temporal, federation).catch(() => last);
  };
  return {
    known: () => {
      if (Date.now() - askedAt >= everyMs) void ask();
      return last;
    },
    all: async (host) => {
      const [recorded] = await Promise.all([debtsInRecord(env, federation, host), ask()]);
      return mergeDebts(last, recorded);
    },
  };
}

async function debtsInRecord(
  env: NodeJS.ProcessEnv,
  federation: string,
  host: HostRef | undefined,
): Promise<RecordFacts['debts']> {
  if (!host) return undefined;
  const { openLocal } = await import('../../../worker/local.ts');
  const local = openLocal(env, { requestMs: recordMs });
  const record = await local.record(host).catch(() => undefined);
  return record?.federation === federation ? record.debts : undefined;
}
