import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import type { ErrorCodeName } from '../../src/errors/codes.ts';
import type { Command, Ended } from '../clients/engine/command.ts';
import { lineSplitter } from './build-lines.ts';
import type { BuildLog } from './build-log.ts';
import { failure } from '../kit/fail.ts';

/** ms between SIGTERM and SIGKILL. */
const graceMs = 5_000;
/** ms that output may come after the process is gone: something it left behind may hold the pipes for ever. */
const drainMs = 2_000;
/** ms without a word after which a command is taken for hung, unless the spec says otherwise (images.build.silentFor). */
export const silentForMs = 30 * 60_000;
/** ms without a word after which `status` says so, and between looks at it. */
const quietMs = 60_000;
const lookEveryMs = 10_000;
/** Longest answer that is kept of a quiet command, characters. */
const answerLength = 4_000_000;

/** Where the child runs. */
export interface Surroundings {
  signal: AbortSignal;
  log?: BuildLog | undefined;
  /** ms without output after which the command is ended as hung. @default silentForMs */
  silentFor?: number | undefined;
  /** Called with the id of the child, which is also that of its process group. */
  started?: ((pid: number) => Promise<void>) | undefined;
}

/**
 * What runs a command that may take long, as the leader of its group. A watcher in the group waits for a word on a pipe
 * that only the worker has the other end of: when the worker is gone, and with it the pipe, it ends the group.
 */
const watched = [
  '(trap "" TERM; read -r word <&3 || kill -KILL 0) </dev/null >/dev/null 2>&1 &',
  'exec 3<&-; exec "$@"',
].join('\n');

/**
 * Runs a command in a process group of its own and waits for its end. When the signal aborts, or the command says
 * nothing for too long, the whole group gets SIGTERM, and SIGKILL 5 s later; then throws the cancellation, or
 * BUILD_HUNG. When this process is killed, a group that is not quiet ends too. Any other end is an answer.
 */
export async function runChild(command: Command, surroundings: Surroundings): Promise<Ended> {
  const { signal, log, started } = surroundings;
  if (signal.aborted) throw cancellation(signal);
  log?.line(`$ ${command.argv.join(' ')}`);
  if (!(await isProgram(command))) return { status: 127, answer: '', how: 'ENOENT' };
  const child = start(command);
  const ends = endsOf(child);
  const silence = watchSilence(command, surroundings);
  const output = read(child, log, command.quiet ?? false, silence.heard);
  const stops = [stopOn(signal, child), stopOn(silence.signal, child)];
  const isStopped = (): boolean => signal.aborted || silence.signal.aborted;
  try {
    if (child.pid !== undefined) await started?.(child.pid);
    const ended = await ends.exited;
    if (isStopped()) killGroup(child.pid, 'SIGKILL');
    await drain(child, output.read);
    if (signal.aborted) throw cancellation(signal);
    if (silence.signal.aborted) throw hung(command, surroundings);
    return { ...ended, answer: output.answer() };
  } finally {
    for (const stop of [...stops, silence.stop]) stop();
    if (isRunning(child)) killGroup(child.pid, 'SIGKILL');
    letWatcherGo(child);
  }
}

const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

/** Hears the last words; what the command left running may hold its output open for ever. */
async function drain(child: ChildProcess, read: Promise<unknown>): Promise<void> {
  await Promise.race([read, delay(drainMs, undefined, { ref: false })]);
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
}

function start({ argv, cwd, env, quiet }: Command): ChildProcess {
  const [program = '', ...args] = argv;
  if (quiet) return spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdio: ['ignore', 'pipe', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe', 'pipe'];
  const child = spawn('/bin/sh', ['-c', watched, 'sh', ...argv], { cwd, env, detached: true, stdio });
  child.stdio[3]?.on('error', () => undefined); // the watcher is gone with its group
  return child;
}

/** What the command left running is not for the watcher to end. */
function letWatcherGo(child: ChildProcess): void {
  const pipe = child.stdio[3] as Writable | null | undefined;
  pipe?.end('done\n');
}

/** Whether there is such a program: a shell would have one exit status for this and for what the program says itself. */
async function isProgram({ argv: [program = ''], cwd = '.', env }: Command): Promise<boolean> {
  const folders = program.includes('/') ? [''] : (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  for (const folder of folders) {
    const path = folder === '' ? resolve(cwd, program) : join(folder, program);
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return true;
  }
  return false;
}

/** Notes when something was heard last; says so when that is long ago, and aborts when it is too long. */
function watchSilence(
  { quiet }: Command,
  { log, silentFor = silentForMs }: Surroundings,
): { heard(): void; stop(): void; signal: AbortSignal } {
  const tooLong = new AbortController();
  let heardAt = Date.now();
  const look = (): void => {
    const ms = Date.now() - heardAt;
    if (ms >= silentFor) tooLong.abort();
    else if (ms >= quietMs) log?.silent(inWords(ms));
  };
  const timer = quiet ? undefined : setInterval(look, Math.min(lookEveryMs, silentFor));
  return { heard: () => (heardAt = Date.now()), stop: () => clearInterval(timer), signal: tooLong.signal };
}

const inWords = (ms: number): string => (ms < 60_000 ? `${Math.round(ms / 1000)}s` : `${Math.floor(ms / 60_000)}m`);

function hung({ argv }: Command, { log, silentFor = silentForMs }: Surroundings): Error {
  const said = `${argv.join(' ').slice(0, 200)} printed nothing for ${inWords(silentFor)} and was killed`;
  const tail = log?.tail();
  const message = `${said}${log ? `; whole log: ${log.path}` : ''}${tail ? `\n${tail}` : ''}`;
  return failure('BUILD_HUNG', message, { log: log?.path });
}

/** The end of the process; one that could not be started has it at once. */
function endsOf(child: ChildProcess): { exited: Promise<Ended> } {
  const { promise: exited, resolve: exit } = Promise.withResolvers<Ended>();
  child.once('exit', (code, by) => exit({ status: code ?? -1, answer: '', how: by ?? `status ${code}` }));
  child.once('error', (error: NodeJS.ErrnoException) =>
    exit({ status: 127, answer: '', how: error.code ?? error.message }),
  );
  return { exited };
}

const cancellation = (signal: AbortSignal): Error =>
  signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('cancelled');

/** Reads both streams, no faster than the log takes it. `read` resolves at their end. */
function read(
  child: ChildProcess,
  log: BuildLog | undefined,
  quiet: boolean,
  heard: () => void,
): { answer: () => string; read: Promise<unknown> } {
  let answer = '';
  const keep = (line: string): void => {
    if (answer.length < answerLength) answer += `${line}\n`;
  };
  const tell = (line: string): void => log?.line(line);
  const streams = [
    [child.stdout, quiet ? keep : tell],
    [child.stderr, tell],
  ] as const;
  const all = streams.flatMap(([stream, line]) => (stream ? [readLines(stream, line, log, heard)] : []));
  return { answer: () => answer, read: Promise.all(all) };
}

async function readLines(
  stream: Readable,
  line: (text: string) => void,
  log: BuildLog | undefined,
  heard: () => void,
): Promise<void> {
  const lines = lineSplitter(line);
  try {
    for await (const chunk of stream) {
      heard();
      lines.push(chunk as Buffer);
      await log?.ready();
    }
    lines.end();
  } catch {
    lines.end(); // the stream was ended from here: something that the command left behind holds it open
  }
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

/** The failure of a command that did not end with status 0: where the whole log is, and its last lines; or DISK_FULL. */
export function commandFailure(
  code: ErrorCodeName,
  command: Pick<Command, 'argv'>,
  ended: Ended,
  log: BuildLog,
): Error {
  const full = /no space left on device|disk quota exceeded/i.test(log.tail());
  const message = `${command.argv.join(' ').slice(0, 200)} ended with ${ended.how}; whole log: ${log.path}`;
  const tail = log.tail();
  return failure(full ? 'DISK_FULL' : code, tail ? `${message}\n${tail}` : message, {
    log: log.path,
    status: ended.status,
  });
}
