import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { replaceFile } from './replace-file.ts';

/** ms between looks at a lock that another process holds. */
const lookEveryMs = 500;

/** A process, told from a later one of its id by when it was started. */
interface ProcessMark {
  pid: number;
  /** Clock ticks since boot (field 22 of /proc/<pid>/stat); '' where there is no /proc. */
  started: string;
}

/** Who holds a lock; the text of its file. */
interface Holder extends ProcessMark {
  /** What it does under the lock, for whoever waits. */
  step: string;
  /** Leader of the process group that it runs. */
  child?: ProcessMark | undefined;
}

/** How one waits for a lock. */
export interface Waiting {
  /** What is done under the lock, in a few words. */
  what: string;
  /** Called at every look at a lock that a living process holds. */
  waits?: (holder: { pid: number; what: string }) => void;
  /** Ends the waiting: its reason is thrown. */
  signal?: AbortSignal;
  /** Ends the process group that a killed holder left behind. @default it is left alone */
  endGroup?: (leader: number) => void;
}

/** What the holder of a lock can do. */
export interface Held {
  /** Notes the child that runs under the lock: should this process be killed, the next holder ends its group. */
  started(pid: number): Promise<void>;
}

/** Locks of this process: one of its id that is not here was left by an earlier process (in containers all are pid 1). */
const mine = new Set<string>();

/**
 * Runs `act` while no other process of this machine holds the lock `file`, nor anybody else in this one. Waits for a
 * living holder; the lock of a dead one is taken, after what it left running is ended. Throws the signal's reason.
 */
export async function withLock<T>(file: string, waiting: Waiting, act: (held: Held) => Promise<T>): Promise<T> {
  const { what, waits, signal, endGroup = () => undefined } = waiting;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const holder: Holder = { ...(await markOf(process.pid)), step: what };
  while (!(await take(file, holder))) {
    const other = await look(file);
    if (other?.held) {
      waits?.({ pid: other.holder.pid, what: other.holder.step });
      await pause(signal);
    } else if (other) await clear(file, other, endGroup);
  }
  try {
    return await act({
      started: async (pid) => {
        await replaceFile(file, JSON.stringify({ ...holder, child: await markOf(pid) }));
      },
    });
  } finally {
    await rm(file, { force: true });
    mine.delete(file);
  }
}

/** Makes the lock file with its text at once: a link cannot be seen half written. False when there is one already. */
async function take(file: string, holder: Holder): Promise<boolean> {
  if (mine.has(file)) return false;
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, JSON.stringify(holder));
  try {
    await link(draft, file);
    mine.add(file);
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
async function look(file: string): Promise<Found | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const holder = parse(text);
  return { text, holder, held: holder.pid === process.pid ? mine.has(file) : await isAlive(holder) };
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
async function clear(file: string, { text, holder }: Found, endGroup: (leader: number) => void): Promise<void> {
  const aside = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(file, aside);
  } catch {
    return; // somebody else was first
  }
  // Between the look and the move a rival may have cleared it and taken the lock: it gets it back.
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, file).catch(() => undefined);
  else if (holder.child && (await isAlive(holder.child))) endGroup(holder.child.pid);
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

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(lookEveryMs, undefined, signal && { signal });
  } catch (error) {
    throw signal?.reason ?? error;
  }
}
