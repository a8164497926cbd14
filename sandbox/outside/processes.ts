import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one of the same number. */
export interface ProcessId {
  pid: number;
  /** Clock ticks after boot at which it started (/proc/PID/stat, field 22). */
  startedAt: string;
}

async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Identity of a running process; undefined when it is gone. */
export async function processId(pid: number): Promise<ProcessId | undefined> {
  const startedAt = await startOf(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export const isRunning = async ({ pid, startedAt }: ProcessId): Promise<boolean> => (await startOf(pid)) === startedAt;

/** Keeps a process' identity in a file. */
export async function rememberProcess(file: string, pid: number): Promise<void> {
  const id = await processId(pid);
  if (!id) throw new Error(`process ${pid} ended at once`);
  await writeFile(file, JSON.stringify(id));
}

/** The process a file remembers, if it still runs. */
export async function rememberedProcess(file: string): Promise<ProcessId | undefined> {
  try {
    const id = JSON.parse(await readFile(file, 'utf8')) as ProcessId;
    return (await isRunning(id)) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Ends a process: asks, then kills after `patienceMs` (0: kills at once). Returns when it is gone. */
export async function endProcess(id: ProcessId, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  if (patienceMs > 0) send(id.pid, 'SIGTERM');
  while (await isRunning(id)) {
    if (Date.now() >= deadline) send(id.pid, 'SIGKILL');
    await delay(50);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
