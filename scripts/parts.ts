import { relative } from 'node:path';
import { checkSources } from './checks.ts';
import { type FileTime, runJest, sum, type Tally } from './jest.ts';
import { root } from './process.ts';
import { inSandboxes, sharing } from './sandboxes.ts';

/** What a part of the tests came to. */
export interface Part {
  name: string;
  seconds: number;
  tally: Tally;
  files: FileTime[];
}

/** Only in `make test-full` (and in `make test-crash`); crash/short is their short form, in `make test` too. */
const full = ['crash/matrix', 'crash/phases'];

async function timed(name: string, work: () => Promise<Tally & { files?: FileTime[] }>): Promise<Part> {
  const began = Date.now();
  const { files = [], ...tally } = await work();
  return { name, tally, files, seconds: (Date.now() - began) / 1_000 };
}

/** What must be there before: the cold builds of a new machine are no time of the tests. */
export const prepared = (work: () => Promise<unknown>): Promise<Part> =>
  timed('packages and programs', async () => {
    await work();
    return { passed: 0, failed: 0, skipped: 0 };
  });

/** Format, lint, types and generated docs; a check counts as a test. */
export const sources = (): Promise<Part> => timed('sources', async () => ({ ...(await checkSources()), skipped: 0 }));

/** Tests that need no sandbox. One worker more than cores: what waits leaves its core to another. */
export const inner = (): Promise<Part> =>
  timed('unit, activities, workflows, contract', () =>
    runJest(['unit', 'activities', 'workflows', 'contract'], process.env, ['--maxWorkers=3']),
  );

/** Tests that need a sandbox: each of jest's workers has one, and takes the next file when it is through with one. */
export const outer = (ids: readonly number[], name = 'UI, e2e, crash', args: readonly string[] = []): Promise<Part> =>
  timed(name, () =>
    inSandboxes(ids, () =>
      runJest(['ui', 'e2e', 'crash'], sharing(ids), [
        `--maxWorkers=${ids.length}`,
        ...(args.length > 0 ? args : ['--testPathIgnorePatterns', ...full]),
      ]),
    ),
  );

/** A worker killed once in every phase of a turn-up, with real pods and images. */
export const phases = (ids: readonly number[]): Promise<Part> =>
  outer(ids, 'crash phases', ['--testPathPatterns', 'crash/phases']);

/** A worker killed at every step, on quick clusters that use the addresses of sandbox `id`. */
export const matrix = (id: number): Promise<Part> =>
  timed('crash matrix', () =>
    runJest(['crash'], { ...process.env, FEDCTL_TEST_SANDBOX: String(id) }, [
      '--runInBand',
      '--testPathPatterns',
      'crash/matrix',
    ]),
  );

const line = (seconds: number, what: string): string => `${seconds.toFixed(1).padStart(8)} s  ${what}`;

/** Prints the time of each part and the twenty slowest files, and last of all, on a line of its own, the sum of all. */
export function report(parts: readonly Part[]): void {
  const files = parts.flatMap((part) => part.files).toSorted((a, b) => b.seconds - a.seconds);
  console.log('\nthe slowest files');
  for (const { file, seconds } of files.slice(0, 20)) console.log(line(seconds, relative(root, file)));
  console.log('\nthe time of each part');
  for (const { name, seconds } of parts) console.log(line(seconds, name));
  const all = parts.reduce((total, { seconds }) => total + seconds, 0);
  console.log(`${line(all, 'all')}\n`);
  const { passed, failed, skipped } = sum(parts.map(({ tally }) => tally));
  process.exitCode = failed > 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
}

/** Runs parts one after the other and reports them; one that throws counts as one failure, and the others still run. */
export async function runParts(parts: readonly (() => Promise<Part>)[]): Promise<void> {
  const done: Part[] = [];
  for (const part of parts) {
    const began = Date.now();
    const failed = (error: unknown): Part => {
      console.error(error);
      const tally = { passed: 0, failed: 1, skipped: 0 };
      return { name: 'a part that did not run', tally, files: [], seconds: (Date.now() - began) / 1_000 };
    };
    done.push(await part().catch(failed));
  }
  report(done);
}
