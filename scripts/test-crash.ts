import { sandboxDown, sandboxUp } from '../sandbox/index.ts';
import { environmentOf } from '../sandbox/outside/environment.ts';
import { runJest } from './jest.ts';

/** The full crash matrix, in a sandbox of its own. */
const id = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 87);
const settings = await sandboxUp({ id, log: (line) => console.log(line) });
try {
  const env = { ...(await environmentOf(settings, process.env)), FEDCTL_TEST_SANDBOX: String(id) };
  const { passed, failed, skipped } = await runJest(['crash'], env, ['--runInBand']);
  process.exitCode = failed > 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
} finally {
  await sandboxDown({ id });
}
