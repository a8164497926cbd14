import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Held, withLock } from '../../src/files/lock.ts';
import type { BuildScope } from '../core/step.ts';
import { shortDigestOf } from '../kit/digest.ts';
import { killGroup } from './build-process.ts';

/** The lock of a source folder; one folder is one lock, by whatever path it is named. Throws where there is none. */
export async function lockFileOf(stateFolder: string, source: string): Promise<string> {
  return join(stateFolder, 'builds', 'locks', shortDigestOf(await realpath(source)));
}

/**
 * Runs `act` while no other build uses this source folder on this machine. Waits for a living holder and says so; the
 * lock of a dead one is taken, and the processes that it left behind are ended first. Throws the reason of
 * the signal, which is a cancellation.
 */
export async function withBuildLock<T>(scope: BuildScope, source: string, act: (held: Held) => Promise<T>): Promise<T> {
  const { deps, run, step, signal } = scope;
  const waiting = {
    what: `${run.federation} ${step}`,
    waits: ({ pid, what }: { pid: number; what: string }) =>
      scope.tell(`waits for another build in ${source} (${what}, process ${pid})`),
    signal,
    endGroup: (leader: number) => killGroup(leader, 'SIGKILL'),
  };
  return withLock(await lockFileOf(deps.stateFolder, source), waiting, act);
}
