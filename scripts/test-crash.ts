import { sandboxDown, sandboxUp } from '../sandbox/index.ts';
import { environmentOf } from '../sandbox/outside/environment.ts';
import { ensurePackages } from '../sandbox/packages.ts';
import { ensurePrograms } from '../sandbox/programs.ts';
import { runJest, type Tally } from './jest.ts';

/** Of the sandbox, and of the addresses that the quick clusters use. */
const id = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 87);
const log = (line: string): void => console.log(line);

/** The crash matrix, on quick clusters of its own. */
async function matrix(): Promise<Tally> {
  await ensurePackages(log);
  await ensurePrograms(log);
  const env = { ...process.env, FEDCTL_TEST_SANDBOX: String(id) };
  return runJest(['crash'], env, ['--runInBand', '--testPathPatterns', 'matrix']);
}

/** One death a phase, in a real sandbox. */
async function phases(): Promise<Tally> {
  const settings = await sandboxUp({ id, log });
  try {
    const env = { ...(await environmentOf(settings, process.env)), FEDCTL_TEST_SANDBOX: String(id) };
    return await runJest(['crash'], env, ['--runInBand', '--testPathPatterns', 'phases']);
  } finally {
    await sandboxDown({ id });
  }
}

const tallies = [await matrix(), await phases()];
const total = (kind: keyof Tally): number => tallies.reduce((sum, tally) => sum + tally[kind], 0);
process.exitCode = total('failed') > 0 ? 1 : 0;
console.log(`${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
