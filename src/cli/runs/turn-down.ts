import type { HostRef } from '../../catalogue/call.ts';
import type { DownChoices } from '../../catalogue/side-inputs.ts';
import type { RunInput } from '../../run/input.ts';
import { connectTemporal, type Temporal } from '../../temporal/client.ts';
import { digestOfChoices } from '../files/digest.ts';
import { exit, type ExitCode } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import type { RunOptions } from '../io/run-flags.ts';
import { whoAmI } from '../io/who-am-i.ts';
import { downBefore } from '../reads/already-down.ts';
import { hostOfTarget } from '../reads/host.ts';
import { assertFree } from '../reads/lock.ts';
import type { Target } from '../reads/target.ts';
import { reopenDebts } from './debts.ts';
import { contextOfHost, forgetContext } from './operator-files.ts';
import { startAndFollow } from './start-run.ts';

/** What a person decided about a turn-down. */
export interface TurnDown {
  choices: DownChoices;
  takeOver: boolean;
}

/**
 * Turns a federation down, and takes its context out of the operator's kubeconfig when it is down. Says so where it is
 * down already. Throws refusal (exit 7) where nobody knows it, or somebody else is at work on it.
 */
export async function turnDown(
  io: Io,
  target: Target,
  { choices, takeOver }: TurnDown,
  options: RunOptions,
): Promise<ExitCode> {
  const { federation } = target;
  const temporal = await connectTemporal(io.env);
  const host = await hostOfTarget(io, target);
  if (await wasDown(io, temporal, federation, host)) return exit.done;
  await assertFree(io, temporal, { federation, host, takeOver });
  for (const line of await reopenDebts(io, temporal, { federation, host })) io.note(line);
  const kubeconfig = await contextOfHost(io, host);
  const input: RunInput = {
    operation: 'down',
    federation,
    uuid: crypto.randomUUID(),
    startedBy: whoAmI(),
    host,
    digest: digestOfChoices(choices),
    down: choices,
    ...(takeOver ? { takeOver: true } : {}),
  };
  const wanted = {
    input,
    memo: { host, ...(kubeconfig ? { kubeconfig } : {}) },
    alike: 'with the same choices',
    atGoodEnd: async () => {
      io.note(`${federation} is down${choices.volumes === 'keep' ? "; etcd's volume was kept" : ''}`);
      for (const line of await forgetContext(io, kubeconfig)) io.note(line);
    },
  };
  return startAndFollow(io, temporal, wanted, options);
}

/** Says so of a federation that is down already; nobody followed that run to its end, perhaps. */
async function wasDown(io: Io, temporal: Temporal, federation: string, host: HostRef): Promise<boolean> {
  const before = await downBefore(io, temporal, federation, host);
  if (!before) return false;
  for (const line of await forgetContext(io, before.kubeconfig)) io.note(line);
  io.note(`${federation} is down already: nothing to do`);
  return true;
}
