import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, passThrough } from './process.ts';

/** What became of tests. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** How long a test file took, s. */
export interface FileTime {
  file: string;
  seconds: number;
}

/** The part of `jest --json` that is used. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** Files that could not even be loaded: their tests are in none of the other numbers. */
  numRuntimeErrorTestSuites: number;
  /** Times in ms since 1970. */
  testResults: { name: string; startTime: number; endTime: number }[];
}

/** The sum of tallies. */
export const sum = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((all, one) => all + one.passed, 0),
  failed: tallies.reduce((all, one) => all + one.failed, 0),
  skipped: tallies.reduce((all, one) => all + one.skipped, 0),
});

/** Runs jest projects (jest.config.js) and counts; a jest that ends without a report counts as one failure. */
export async function runJest(
  projects: readonly string[],
  env: NodeJS.ProcessEnv,
  args: readonly string[] = [],
): Promise<Tally & { files: FileTime[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'fedctl-jest-'));
  const report = join(folder, 'report.json');
  const node = ['node', '--disable-warning=ExperimentalWarning'];
  const options = ['--json', `--outputFile=${report}`, '--reporters=default', ...args];
  const jest = ['node_modules/jest/bin/jest.js', ...options];
  try {
    // --json prints the report to stdout too, unless a file is named.
    const code = await passThrough([...node, ...jest, '--selectProjects', ...projects], environment(env));
    const seen = JSON.parse(await readFile(report, 'utf8').catch(() => 'null')) as Report | null;
    if (!seen) return { passed: 0, failed: 1, skipped: 0, files: [] };
    const failed = seen.numFailedTests + seen.numRuntimeErrorTestSuites;
    return {
      passed: seen.numPassedTests,
      failed: failed === 0 && code !== 0 ? 1 : failed,
      skipped: seen.numPendingTests + seen.numTodoTests,
      files: seen.testResults.map(({ name, startTime, endTime }) => ({
        file: name,
        seconds: (endTime - startTime) / 1_000,
      })),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
