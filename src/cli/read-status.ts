import type { HostRef } from '../plan/call.ts';
import { workflowIdOf } from '../run/input.ts';
import type { Temporal } from './client.ts';
import { CliError, exit } from './exit.ts';
import type { Io } from './io.ts';
import { observeFamily, type ObservedRun } from './observe.ts';
import { mergeStatus, type StatusModel } from './status-model.ts';
import { silentStatus, recordStatus } from './status-record.ts';
import type { Target } from './target.ts';

/** A picture, and what could not be asked for it. */
export interface ReadStatus {
  model: StatusModel;
  /** Sentences for people: which source did not answer, and why. */
  notes: string[];
  run: ObservedRun | undefined;
}

/**
 * How a federation stands: by its run when a worker answers, else by the record in the host cluster, else by what
 * Temporal itself knows. Throws CliError when nobody knows the federation.
 */
export async function readStatus(io: Io, target: Target, temporal: Temporal | undefined): Promise<ReadStatus> {
  const notes: string[] = [];
  const family = temporal && (await observe(temporal, target.federation, notes));
  const run = family?.parent;
  const model = family && mergeStatus(family.parent, family.children, family.parent.memo);
  if (model) return { model, notes, run };
  if (run) notes.push('no worker answered for the run (start one: fedctl worker)');
  const recorded = await readRecord(io, target.federation, target.host ?? run?.memo.host, notes);
  if (recorded) return { model: recorded, notes, run };
  if (run) return { model: silentStatus(target.federation, run), notes, run };
  throw new CliError(exit.failed, `nothing is known of ${target.federation}`, [
    ...notes,
    'see what Temporal knows: fedctl list',
    'name its host cluster: --context, or -f FILE',
  ]);
}

async function observe(temporal: Temporal, federation: string, notes: string[]) {
  try {
    return await observeFamily(temporal, workflowIdOf(federation));
  } catch (error) {
    notes.push(`Temporal at ${temporal.address} did not answer: ${(error as Error).message}`);
    return undefined;
  }
}

async function readRecord(
  io: Io,
  federation: string,
  host: HostRef | undefined,
  notes: string[],
): Promise<StatusModel | undefined> {
  const { openLocal } = await import('../../worker/local.ts');
  try {
    const record = await openLocal(io.env).record(host);
    if (record?.federation === federation) return recordStatus(record);
    notes.push(
      record
        ? `the host cluster holds ${record.federation}, not ${federation}`
        : 'the host cluster has no record of it',
    );
  } catch (error) {
    notes.push(`the host cluster could not be asked: ${(error as Error).message}`);
  }
  return undefined;
}
