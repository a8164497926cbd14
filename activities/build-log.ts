import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { redact } from './redact.ts';
import type { BuildScope } from './step.ts';

/** Lines that a failure shows. */
const tailLines = 15;
/** Bytes of them, from the end: a message in history has room for this and its first sentence. */
const tailBytes = 1_400;
const lineBytes = 2_000;

/** Where the output of a step's child processes goes: a file for people, the last line for `status`. */
export interface BuildLog {
  path: string;
  /** One line, without its end. What looks like a secret does not get through. */
  line(text: string): void;
  /** The last lines, as they stand in the file. */
  tail(): string;
  /** Resolves when the file is written. */
  close(): Promise<void>;
}

/** A log of this step, `<state folder>/builds/<federation>/<step>.log`; that of an earlier attempt is replaced. */
export async function openBuildLog(scope: BuildScope): Promise<BuildLog> {
  const folder = join(scope.deps.stateFolder, 'builds', scope.run.federation);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${scope.step.replaceAll('/', '-')}.log`);
  const file = createWriteStream(path, { flags: 'w', mode: 0o600 });
  // A full disk must not end a build, let alone the worker.
  file.on('error', (error) => scope.deps.log.warn({ path, error: error.message }, 'build log not written'));
  let last: string[] = [];
  const clean = cleaner();
  return {
    path,
    line: (text) => {
      const line = clean(text);
      if (line === undefined) return;
      last = [...last.slice(1 - tailLines), line];
      file.write(`${line}\n`);
      if (line.trim() !== '') scope.tell(line);
    },
    tail: () => endOf(last.join('\n'), tailBytes),
    close: () =>
      new Promise((resolve) => {
        if (file.destroyed) resolve();
        else {
          file.once('close', () => resolve());
          file.end();
        }
      }),
  };
}

/** Redacts line by line; of a PEM block, which has many, only the first line is left. */
function cleaner(): (text: string) => string | undefined {
  let inPem = false;
  return (text) => {
    const inside = inPem;
    if (/-----BEGIN [A-Z ]*-----/.test(text)) inPem = true;
    if (/-----END [A-Z ]*-----/.test(text)) inPem = false;
    return inside ? undefined : redact(text.slice(0, lineBytes));
  };
}

/** The end of a text, from the start of a line where that is possible. */
function endOf(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  const cut = buffer.subarray(buffer.length - bytes).toString('utf8');
  return `…${cut.slice(cut.indexOf('\n') + 1)}`;
}
