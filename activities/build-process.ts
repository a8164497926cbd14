import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import type { ErrorCodeName } from '../src/errors.ts';
import type { BuildLog } from './build-log.ts';
import { failure } from './fail.ts';

/** ms between SIGTERM and SIGKILL. */
const graceMs = 5_000;
/** ms that output may come after the process is gone: something it left behind may hold the pipes for ever. */
const drainMs = 2_000;
/** Longest answer that is kept of a quiet command, characters. */
const answerLength = 4_000_000;

/** A command to run. */
export interface Command {
  argv: readonly string[];
  cwd?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** Its standard output is an answer to read, not progress to log. */
  quiet?: boolean;
}

/** How it ended. */
export interface Ended {
  /** Exit status; -1 when a signal ended it, and 127 when it could not be started. */
  status: number;
  /** Standard output of a quiet command. */
  answer: string;
  /** What ended it, for people: `status 2`, `SIGKILL`, `ENOENT`. */
  how: string;
}

/** Where the child runs. */
export interface Surroundings {
  signal: AbortSignal;
  log?: BuildLog | undefined;
  /** Called with the id of the child, which is also that of its process group. */
  started?: ((pid: number) => Promise<void>) | undefined;
}

/**
 * Runs a command in a process group of its own and waits for its end. When the signal aborts, the whole group gets
 * SIGTERM, and SIGKILL 5 s later; then throws the cancellation. Any other end is an answer.
 */
export async function runChild(command: Command, { signal, log, started }: Surroundings): Promise<Ended> {
  if (signal.aborted) throw cancellation(signal);
  log?.line(`$ ${command.argv.join(' ')}`);
  const [program = '', ...args] = command.argv;
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ends = endsOf(child);
  const answer = read(child, log, command.quiet ?? false);
  const stop = stopOn(signal, child);
  try {
    if (child.pid !== undefined) await started?.(child.pid);
    const ended = await ends.exited;
    if (signal.aborted) killGroup(child.pid, 'SIGKILL');
    await Promise.race([ends.closed, delay(drainMs, undefined, { ref: false })]);
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
    if (signal.aborted) throw cancellation(signal);
    return { ...ended, answer: answer() };
  } finally {
    stop();
    if (child.exitCode === null && child.signalCode === null) killGroup(child.pid, 'SIGKILL');
  }
}

/** The end of the process, and of its output; one that could not be started has both at once. */
function endsOf(child: ChildProcess): { exited: Promise<Ended>; closed: Promise<void> } {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const { promise: exited, resolve: exit } = Promise.withResolvers<Ended>();
  child.once('close', () => close());
  child.once('exit', (code, by) => exit({ status: code ?? -1, answer: '', how: by ?? `status ${code}` }));
  child.once('error', (error: NodeJS.ErrnoException) => {
    exit({ status: 127, answer: '', how: error.code ?? error.message });
    close();
  });
  return { exited, closed };
}

const cancellation = (signal: AbortSignal): Error =>
  signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('cancelled');

function read(child: ChildProcess, log: BuildLog | undefined, quiet: boolean): () => string {
  let answer = '';
  for (const [stream, isAnswer] of [
    [child.stdout, quiet],
    [child.stderr, false],
  ] as const) {
    if (!stream) continue;
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      if (!isAnswer) log?.line(line);
      else if (answer.length < answerLength) answer += `${line}\n`;
    });
  }
  return () => answer;
}

/** Ends the group when the signal aborts; answers how to stop listening. */
function stopOn(signal: AbortSignal, child: ChildProcess): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    killGroup(child.pid, 'SIGTERM');
    timer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  };
}

/** Signals every process of a group that this worker started; one that is gone is no error. */
export function killGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The failure of a command that did not end with status 0: where the whole log is, and its last lines. */
export function commandFailure(
  code: ErrorCodeName,
  command: Pick<Command, 'argv'>,
  ended: Ended,
  log: BuildLog,
): Error {
  const message = `${command.argv.join(' ').slice(0, 200)} ended with ${ended.how}; whole log: ${log.path}`;
  const tail = log.tail();
  return failure(code, tail ? `${message}\n${tail}` : message, { log: log.path, status: ended.status });
}
