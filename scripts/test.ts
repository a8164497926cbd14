import { sandboxDown, sandboxUp } from '../sandbox/index.ts';
import { environmentOf } from '../sandbox/outside/environment.ts';
import { ensurePackages } from '../sandbox/packages.ts';
import { ensurePrograms } from '../sandbox/programs.ts';
import { checkSources } from './checks.ts';
import { runJest, type Tally } from './jest.ts';

/** The tests' own sandbox: beside a running demo (88), and beside another checkout's tests if it sets another. */
const id = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 89);

const sum = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((all, one) => all + one.passed, 0),
  failed: tallies.reduce((all, one) => all + one.failed, 0),
  skipped: tallies.reduce((all, one) => all + one.skipped, 0),
});

const log = (line: string): void => console.log(line);

/** Everything: checks of the sources, tests that need programs only, then those that need the sandbox. */
async function runAll(): Promise<Tally[]> {
  await ensurePackages(log, { tests: true });
  await ensurePrograms(log);
  console.log('\nchecks of the sources');
  const sources = { ...(await checkSources()), skipped: 0 };
  console.log('\nunit, activities, workflows, contract');
  const inner = await runJest(['unit', 'activities', 'workflows', 'contract'], process.env, ['--maxWorkers=2']);
  // Not before: what it costs when nobody uses it, the tests above would wait for.
  const settings = await sandboxUp({ id, log });
  const env = { ...(await environmentOf(settings, process.env)), FEDCTL_TEST_SANDBOX: String(id) };
  console.log('\nthe Temporal UI, in headless Chromium');
  const ui = await runJest(['ui'], env, ['--runInBand']);
  console.log('\nend to end, in the sandbox');
  const outer = await runJest(['e2e'], env, ['--runInBand']);
  console.log('\na worker killed in every phase; at every step: make test-crash');
  const deaths = await runJest(['crash'], env, ['--runInBand', '--testPathPatterns', 'crash/(short|phases)']);
  return [sources, inner, ui, outer, deaths];
}

let tallies: Tally[] = [{ passed: 0, failed: 1, skipped: 0 }];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void sandboxDown({ id }).finally(() => process.exit(1)));
}
try {
  tallies = await runAll();
} catch (error) {
  console.error(error);
} finally {
  await sandboxDown({ id });
}
const { passed, failed, skipped } = sum(tallies);
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
