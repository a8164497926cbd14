import { workflowIdOf } from '../../run/input.ts';
import { amendSignal, amendUpdate, retrySignal, retryUpdate } from '../../run/messages.ts';
import type { Temporal } from '../../temporal/client.ts';
import { reopenDebts } from './debts.ts';
import { CliError, exit, type ExitCode } from '../io/exit.ts';
import { hostOfTarget } from '../reads/host.ts';
import type { Io } from '../io/io.ts';
import { observeRun } from '../reads/observe.ts';
import { byOwner } from '../reads/routing.ts';
import { send } from './send.ts';
import { readSpecFile } from '../files/spec-file.ts';
import { whoAmI } from '../io/who-am-i.ts';
import type { Target } from '../reads/target.ts';

/** ms for an amendment: what works with the old spec is ended first, at its next heartbeat. */
const amendMs = 60_000;

const retry = { update: retryUpdate, signal: retrySignal };

/** Retries steps, each with the run that owns it; no steps: all that are blocked. */
export async function retrySteps(
  io: Io,
  temporal: Temporal,
  federation: string,
  steps: readonly string[],
): Promise<void> {
  for (const [owner, own] of byOwner(federation, steps)) {
    io.result(await send(temporal, owner, retry, { by: whoAmI(), ...(own.length > 0 ? { steps: own } : {}) }));
  }
}

/** Retries all that is blocked, and clean-up owed in members that nobody tries any more. */
export async function retryAll(io: Io, temporal: Temporal, target: Target): Promise<void> {
  const { federation } = target;
  const host = await hostOfTarget(io, target).catch(() => undefined);
  const reopened = host ? await reopenDebts(io, temporal, { federation, host }) : [];
  for (const line of reopened) io.result(line);
  try {
    await retrySteps(io, temporal, federation, []);
  } catch (error) {
    // With a debt to try again there was something to do, though no run is open or blocked.
    if (!(error instanceof CliError) || reopened.length === 0) throw error;
  }
}

/** Gives the open run the file's spec. False when the run works on it already: then there is only to retry. */
export async function amendRun(io: Io, temporal: Temporal, file: string): Promise<boolean> {
  const { federation, spec, digest } = await readSpecFile(io, file);
  const id = workflowIdOf(federation);
  const open = await observeRun(temporal, id);
  if (open?.memo.digest === digest) return false;
  const message = { update: amendUpdate, signal: amendSignal };
  io.result(await send(temporal, id, message, { spec, digest, by: whoAmI() }, amendMs));
  return true;
}

/** Retries every run that is blocked, found by search attribute; a run passes it on to its members. */
export async function retryAllBlocked(io: Io, temporal: Temporal): Promise<ExitCode> {
  const found: string[] = [];
  for await (const { workflowId } of temporal.client.workflow.list({
    query: `FedctlStatus = "blocked" AND ExecutionStatus = "Running"`,
  }))
    found.push(workflowId);
  const parents = new Set(found);
  const own = found.filter((id) => !parents.has(id.replace(/\/clusters\/.*$/, '')) || !id.includes('/clusters/'));
  if (own.length === 0) {
    io.note('no run is blocked');
    return exit.done;
  }
  const refused: string[] = [];
  for (const id of own.sort()) {
    try {
      io.result(`${id}: ${await send(temporal, id, retry, { by: whoAmI() })}`);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      refused.push(id); // it went on by itself in between
      io.note(`${id}: ${error.message}`);
    }
  }
  return refused.length === own.length ? exit.refused : exit.done;
}
