import { setTimeout as sleep } from 'node:timers/promises';
import type { HostRef } from '../../catalogue/call.ts';
import type { Standing } from '../../status/standing.ts';
import { workflowIdOf } from '../../run/input.ts';
import type { Temporal } from '../../temporal/client.ts';
import { mergeDebts, openDebts } from './debts.ts';
import { CliError, exit } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import { observeFamily, type ObservedRun } from '../reads/observe.ts';
import { mergeStatus } from '../views/merge-status.ts';
import type { StatusDebt, StatusModel, StatusOutputs } from '../views/status-model.ts';
import { nothing, recordStatus, type RecordFacts, silentStatus } from '../reads/status-record.ts';
import { hostAmong, type Target } from '../reads/target.ts';

/** A picture, and what could not be asked for it. */
export interface ReadStatus {
  model: StatusModel;
  /** Sentences for people: which source did not answer, and why. */
  notes: string[];
  /** Answered by all who were asked: nobody knows this federation. The model's status is `none` then. */
  unknown: boolean;
}

/** Where pictures come from; the outside of this module. */
export interface Sources {
  /** Undefined: there is no connection, which was said already. */
  temporal:
    | { address: string; observe: () => ReturnType<typeof observeFamily>; debts?: () => Promise<StatusDebt[]> }
    | undefined;
  /** The record in a host cluster; undefined when it has none. Throws why it could not be asked. */
  record: (host: HostRef | undefined) => Promise<RecordFacts | undefined>;
  /** What stands there, by the clusters themselves; undefined without a record. Throws as `record` does. */
  standing?: (host: HostRef | undefined) => Promise<Standing | undefined>;
}

/** The sources of this machine: Temporal as connected, and the clusters of its kubeconfig. */
export function sourcesOf(io: Io, { federation, flags }: Target, temporal: Temporal | undefined): Sources {
  return {
    temporal: temporal && {
      address: temporal.address,
      observe: () => observeFamily(temporal, workflowIdOf(federation)),
      debts: () => openDebts(temporal, federation),
    },
    record: async (host) => {
      const local = await inHaste(io.env);
      return local.record(host ?? (await local.currentHost(flags)));
    },
    standing: async (host) => {
      const local = await inHaste(io.env);
      return local.standing(host ?? (await local.currentHost(flags)));
    },
  };
}

/** Clusters, none of which may keep a person waiting. */
const inHaste = async (env: NodeJS.ProcessEnv) =>
  (await import('../../../worker/local.ts')).openLocal(env, { requestMs: 5_000 });

/** What one source says: something, nothing, or not a word. */
type Answer<T> = { found: T } | 'nothing' | 'silent';

/**
 * How a federation stands: by its run when a worker answers, else by the record in the host cluster together with what
 * Temporal itself knows of the run. Throws CliError (exit 1) when nobody could tell.
 */
export async function readStatus(sources: Sources, target: Target): Promise<ReadStatus> {
  const { federation } = target;
  const notes: string[] = [];
  const family = await observed(sources, notes);
  const run = typeof family === 'object' ? family.found.parent : undefined;
  const model =
    typeof family === 'object' ? mergeStatus(family.found.parent, family.found.children, run?.memo) : undefined;
  const host = hostAmong(target, run?.memo.host);
  const asked = standingIn(sources, federation, host);
  if (model) return answer(model, { recorded: await recordSoon(sources, federation, host), asked }, sources, notes);
  if (run) notes.push('no worker answered for the run (start one: fedctl worker); its steps are not known');
  const found = await recordedIn(sources, federation, host, notes);
  const known = fromRecord(found, run, federation);
  const recorded = typeof found === 'object' ? found.found : undefined;
  if (known) return answer(known, { recorded, asked }, sources, notes);
  if (family === 'nothing' && found === 'nothing') return { model: nothing(federation), notes, unknown: true };
  const why = [`the state of ${federation} is not known: not every source answered`, ...notes].join('\n');
  throw new CliError(exit.failed, why, [
    'where Temporal is: TEMPORAL_ADDRESS or TEMPORAL_PROFILE (sandbox: eval "$(fedctl sandbox env)")',
    'where its host cluster is: --context, or -f FILE',
  ]);
}

/** A picture with the debts of Temporal and of the record in it, and with what stands. */
async function answer(
  model: StatusModel,
  { recorded, asked }: { recorded: RecordFacts | undefined; asked: Promise<Stands> },
  sources: Sources,
  notes: string[],
): Promise<ReadStatus> {
  const [debts, { standing, why }] = await Promise.all([debtsIn(sources), asked]);
  if (why && !notes.some((note) => note.includes(why))) notes.push(`the state of the clusters is not known: ${why}`);
  const outputs = recorded && model.operation !== 'down' ? recordedOutputs(model.outputs, recorded) : model.outputs;
  return { model: { ...model, outputs, debts: mergeDebts(debts, recorded?.debts), standing }, notes, unknown: false };
}

/** What a run does not tell of itself (a join has no images of its own) is as the record has it. */
function recordedOutputs(outputs: StatusOutputs, record: RecordFacts): StatusOutputs {
  const { context, zone, images } = recordStatus(record).outputs;
  return {
    ...outputs,
    context: outputs.context ?? context,
    zone: outputs.zone ?? zone,
    images: Object.keys(outputs.images).length > 0 ? outputs.images : images,
  };
}

/** What stands of a federation; null with a sentence why, or without one when nothing does. */
interface Stands {
  standing: Standing | null;
  why?: string;
}

async function standingIn(sources: Sources, federation: string, host: HostRef | undefined): Promise<Stands> {
  try {
    const standing = (await sources.standing?.(host)) ?? null;
    return { standing: standing?.federation === federation ? standing : null };
  } catch (error) {
    return { standing: null, why: (error as Error).message };
  }
}

/** Debts outlive the run that made them, so they are asked for by themselves. */
const debtsIn = async ({ temporal }: Sources): Promise<StatusDebt[]> =>
  (await temporal?.debts?.().catch(() => undefined)) ?? [];

/** ms for the host to tell its record where the run has told all the rest. */
const recordMs = 2_000;

/** The record, if its host answers in time: it alone knows a debt whose run gave up or was lost. */
async function recordSoon(
  sources: Sources,
  federation: string,
  host: HostRef | undefined,
): Promise<RecordFacts | undefined> {
  const asked = sources.record(host).catch(() => undefined);
  const record = await Promise.race([asked, sleep(recordMs, undefined, { ref: false })]);
  return record?.federation === federation ? record : undefined;
}

function fromRecord(
  recorded: Answer<RecordFacts>,
  run: ObservedRun | undefined,
  federation: string,
): StatusModel | undefined {
  if (typeof recorded === 'object') return recordStatus(recorded.found, run);
  return run && silentStatus(federation, run);
}

async function observed({ temporal }: Sources, notes: string[]) {
  if (!temporal) return 'silent';
  try {
    const family = await temporal.observe();
    return family ? { found: family } : 'nothing';
  } catch (error) {
    notes.push(`Temporal at ${temporal.address} did not answer: ${(error as Error).message}`);
    return 'silent';
  }
}

async function recordedIn(
  sources: Sources,
  federation: string,
  host: HostRef | undefined,
  notes: string[],
): Promise<Answer<RecordFacts>> {
  try {
    const record = await sources.record(host);
    if (record?.federation === federation) return { found: record };
    const where = host ? `the host cluster ${host.context} (namespace ${host.namespace})` : 'the current context';
    notes.push(record ? `${where} holds ${record.federation}, not ${federation}` : `${where} has no record of it`);
    return 'nothing';
  } catch (error) {
    notes.push(`the host cluster could not be asked: ${(error as Error).message}`);
    return 'silent';
  }
}
