import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { killGroup } from './build-process.ts';
import type { BuildScope } from '../core/step.ts';

/** ms between looks at a lock that another build holds. */
const lookEveryMs = 500;

/** A process, told from a later one of its id by when it was started. */
interface ProcessMark {
  pid: number;
  /** Clock ticks since boot (field 22 of /proc/<pid>/stat); '' where there is no /proc. */
  started: string;
}
interface Holder extends ProcessMark {
  /** What it builds, for whoever waits. */
  step: string;
  /** Leader of the process group that it runs. */
  child?: ProcessMark | undefined;
}

/** What the holder of a lock can do. */
export interface Held {
  /** Notes the child that runs under the lock: should this worker be killed, the next holder ends it. */
  started(pid: number): Promise<void>;
}

/** Locks of this process: one of its id that is not here was left by an earlier process (in containers all are pid 1). */
const mine = new Set<string>();

/** The lock of a source folder; one folder is one lock, by whatever path it is named. Throws where there is none. */
export async function lockFileOf(stateFolder: string, source: string): Promise<string> {
  const folder = await realpath(source);
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(stateFolder, 'builds', 'locks', name);
}

/**
 * Runs `act` while no other build uses this source folder on this machine. Waits for a living holder and says so; the
 * lock of a dead one is taken, and the processes that it left behind are ended first. Throws cancellations.
 */
export async function withBuildLock<T>(scope: BuildScope, source: string, act: (held: Held) => Promise<T>): Promise<T> {
  const lock = await lockFileOf(scope.deps.stateFolder, source);
  await mkdir(dirname(lock), { recursive: true, mode: 0o700 });
  const holder: Holder = { ...(await markOf(process.pid)), step: `${scope.run.federation} ${scope.step}` };
  while (!(await take(lock, holder))) {
    const other = await look(lock);
    if (other?.held) {
      scope.tell(`waits for another build in ${source} (${other.holder.step}, process ${other.holder.pid})`);
      await pause(scope.signal);
    } else if (other) await clear(lock, other);
  }
  try {
    return await act({
      started: async (pid) => {
        const draft = `${lock}.${randomBytes(4).toString('hex')}`;
        await writeFile(draft, JSON.stringify({ ...holder, child: await markOf(pid) }));
        await rename(draft, lock);
      },
    });
  } finally {
    await rm(lock, { force: true });
    mine.delete(lock);
  }
}

/** Makes the lock file with its text at once: a link cannot be seen half written. False when there is one already. */
async function take(lock: string, holder: Holder): Promise<boolean> {
  if (mine.has(lock)) return false;
  const draft = `${lock}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, JSON.stringify(holder));
  try {
    await link(draft, lock);
    mine.add(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

/** What a lock file says. */
interface Found {
  text: string;
  holder: Holder;
  held: boolean;
}

/** Who holds the lock, and whether that process lives; undefined when it was given back meanwhile. */
async function look(lock: string): Promise<Found | undefined> {
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const holder = parse(text);
  return { text, holder, held: holder.pid === process.pid ? mine.has(lock) : await isAlive(holder) };
}

/** A text that is no holder, as a crash of the machine may leave it, is one that is dead. */
function parse(text: string): Holder {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return { pid: 0, started: 'never', step: '' };
  }
}

/** Takes the lock of a dead holder away, and ends what it left running. */
async function clear(lock: string, { text, holder }: Found): Promise<void> {
  const aside = `${lock}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(lock, aside);
  } catch {
    return; // somebody else was first
  }
  // Between the look and the move a rival may have cleared it and taken the lock: it gets it back.
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, lock).catch(() => undefined);
  else if (holder.child && (await isAlive(holder.child))) killGroup(holder.child.pid, 'SIGKILL');
  await rm(aside, { force: true });
}

async function isAlive({ pid, started }: ProcessMark): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return started === (await markOf(pid)).started;
}

async function markOf(pid: number): Promise<ProcessMark> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field, the program's name, may hold anything; the third, the state, is Z when it only waits to be reaped.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, started: fields[0] === 'Z' ? 'ended' : (fields[19] ?? '') };
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(lookEveryMs, undefined, { signal });
  } catch {
    throw signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('cancelled');
  }
}
