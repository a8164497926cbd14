import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { plainLine } from './build-lines.ts';
import { redact } from '../kit/redact.ts';
import type { BuildScope } from '../core/step.ts';

/** Lines that a failure shows, and `status` while the step runs. */
const tailLines = 15;
const liveLines = 5;
/** Bytes of them, from the end: a message in history has room for this and its first sentence, a heartbeat for less. */
const tailBytes = 1_400;
const liveBytes = 950;
const lineBytes = 2_000;
/** Bytes of a log file; of what comes after, only the last lines are kept. */
const fileBytes = 32 * 2 ** 20;
/** Logs of a step that are kept: that of this attempt, and `.1` to `.4` of those before it. */
const keptLogs = 5;
/** ms between two words to `status`: a tool may print thousands of lines in that time. */
const sayEveryMs = 250;

/** Where the output of a step's child processes goes: a file for people, the last lines for `status`. */
export interface BuildLog {
  path: string;
  /** One line, without its end. What looks like a secret does not get through, nor does what is for a terminal only. */
  line(text: string): void;
  /** Resolves when the file takes more. */
  ready(): Promise<void>;
  /** Tells `status` that the tool has said nothing for so long. */
  silent(forText: string): void;
  /** The last lines, as they stand in the file. */
  tail(): string;
  /** Resolves when the file is written. */
  close(): Promise<void>;
}

/**
 * A log of this step, `<state folder>/builds/<federation>/<step>.log`. Those of the four attempts before it get a number
 * behind their name, `.1` the latest: who reads one reads on.
 */
export async function openBuildLog(scope: BuildScope): Promise<BuildLog> {
  const folder = join(scope.deps.stateFolder, 'builds', scope.run.federation);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${scope.step.replaceAll('/', '-')}.log`);
  await moveAside(path);
  const file = createWriteStream(path, { flags: 'w', mode: 0o600 });
  // A full disk must not end a build, let alone the worker.
  file.on('error', (error) => scope.deps.log.warn({ path, error: error.message }, 'build log not written'));
  const kept = cappedFile(file);
  const clean = cleaner();
  let last: string[] = [];
  const said = atIntervals(() => {
    const where = `log: ${path}`;
    scope.tell(`${where}\n${endOf(last.slice(-liveLines).join('\n'), liveBytes - Buffer.byteLength(where))}`);
  });
  return {
    path,
    line: (text) => {
      const line = clean(text);
      if (line === undefined) return;
      kept.write(`${line}\n`);
      if (line.trim() === '') return;
      last = [...last.slice(1 - tailLines), line];
      said.soon();
    },
    ready: () => drained(file),
    silent: (forText) => scope.tell(`no output for ${forText}; log: ${path}\n${last.at(-1)?.slice(0, 500) ?? ''}`),
    tail: () => endOf(last.join('\n'), tailBytes),
    close: () => {
      said.stop();
      return ended(file, kept.end(last));
    },
  };
}

async function moveAside(path: string): Promise<void> {
  for (let number = keptLogs - 1; number > 0; number -= 1) {
    const from = number === 1 ? path : `${path}.${number - 1}`;
    await rename(from, `${path}.${number}`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** Writes up to the limit; what is left out is said, and the last lines follow it. */
function cappedFile(file: WriteStream): { write(text: string): void; end(last: readonly string[]): string } {
  let bytes = 0;
  const isFull = (): boolean => bytes > fileBytes;
  return {
    write: (text) => {
      if (file.destroyed) return;
      const wasFull = isFull();
      bytes += Buffer.byteLength(text);
      if (!isFull()) file.write(text);
      else if (!wasFull) file.write('… cut\n');
    },
    end: (last) => (isFull() ? `… ${bytes - fileBytes} bytes are left out; the last lines:\n${last.join('\n')}\n` : ''),
  };
}

const drained = (file: WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (!file.writableNeedDrain || file.destroyed) return resolve();
    const done = (): void => {
      for (const event of ['drain', 'close'] as const) file.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close'] as const) file.on(event, done);
  });

const ended = (file: WriteStream, text: string): Promise<void> =>
  new Promise((resolve) => {
    if (file.destroyed) return resolve();
    file.once('close', () => resolve());
    file.end(text);
  });

/** Calls `act` at most every 250 ms, the last time after the last `soon`. */
function atIntervals(act: () => void): { soon(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let actedAt = 0;
  const now = (): void => {
    timer = undefined;
    actedAt = Date.now();
    act();
  };
  return {
    soon: () => {
      if (timer) return;
      const wait = actedAt + sayEveryMs - Date.now();
      if (wait <= 0) now();
      else timer = setTimeout(now, wait);
    },
    stop: () => clearTimeout(timer),
  };
}

/** Redacts line by line; of a PEM block, which has many, only the first line is left. */
function cleaner(): (text: string) => string | undefined {
  let inPem = false;
  return (text) => {
    const inside = inPem;
    const line = plainLine(text.slice(0, lineBytes));
    if (/-----BEGIN [A-Z ]*-----/.test(line)) inPem = true;
    if (/-----END [A-Z ]*-----/.test(line)) inPem = false;
    return inside ? undefined : redact(line);
  };
}

/** The end of a text, from the start of a line where that is possible. */
function endOf(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  const cut = buffer.subarray(buffer.length - bytes + 3).toString('utf8');
  return `…${cut.slice(cut.indexOf('\n') + 1).replace(/^\uFFFD+/, '')}`;
}
