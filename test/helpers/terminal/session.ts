import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** Where the recorded session stands: by itself, and in the README between two marks. */
export const sessionFile = 'docs/session.txt';
const marks = /(<!-- docs\/session\.txt[^\n]*-->\n+```\n)([^]*?)(\n```)/;

/** The session as it was recorded last; '' when there is none. */
export function recordedSession(): string {
  try {
    return readFileSync(pathOf(sessionFile), 'utf8').trimEnd();
  } catch {
    return '';
  }
}

/** The session as the README shows it. */
export const sessionInReadme = (): string => marks.exec(readFileSync(pathOf('README.md'), 'utf8'))?.[2] ?? '';

/** Puts a new recording into its file and into the README. */
export function writeSession(text: string): void {
  writeFileSync(pathOf(sessionFile), `${text}\n`);
  const readme = readFileSync(pathOf('README.md'), 'utf8');
  writeFileSync(
    pathOf('README.md'),
    readme.replace(marks, (_, before: string, _old, after: string) => before + text + after),
  );
}

/** What a terminal showed: every picture of the block that is drawn again in place, and all that stood there at last. */
export interface Screen {
  pictures: string[][];
  last: string[];
}

/** Plays output of the live display: text, and `ESC[nA ESC[0J` (n lines up, all below erased). */
export function play(output: string): Screen {
  const pictures: string[][] = [];
  let lines: string[] = [];
  for (const [at, part] of output.split(/\u001b\[(\d+)A\u001b\[0J/).entries()) {
    if (at % 2 === 1) {
      pictures.push(lines.slice(-Number(part)));
      lines = lines.slice(0, -Number(part));
    } else lines.push(...stripVTControlCharacters(part).split('\n').slice(0, -1));
  }
  return { pictures, last: lines };
}

/** A line without what differs from one recording to the next: times, addresses, digests, ids, how much was there before, and the space they take. */
export const shapeOf = (line: string): string =>
  line
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replaceAll(/sha256:[0-9a-f]+/g, '<digest>')
    .replaceAll(/\b\d+\.\d+\.\d+\.\d+\b/g, '<address>')
    .replaceAll(/(<address>|127\.0\.0\.1|localhost):\d+/g, '$1:<port>')
    .replaceAll(/hyperkube-amd64:[^\s@]+/g, 'hyperkube-amd64:<tag>')
    .replaceAll(/\b(?:\d+d\d\dh|\d+h\d\dm|\d+m\d\ds|\d+\.\ds|\d+s)\b/g, '<time>')
    .replaceAll(/\b\d+ days left/g, '<n> days left')
    // An image that was built before is kept.
    .replace(/\b\d+ steps changed something: .*/, '<n> steps changed something')
    .replace(/^(✓ \S+) {2}(?:(\d+)\/\2(?:, \d+ kept)?|\d+ kept)/, '$1  <all>')
    .replaceAll(/ {2,}/g, '  ')
    // How long the members took is told by their own runs, which a busy worker may not be asked in time.
    .replace(/^(✓ clusters {2}<all>) {2}<time>$/, '$1')
    .trimEnd();
