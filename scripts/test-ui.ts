import { sandboxDown, sandboxUp } from '../sandbox/index.ts';
import { environmentOf } from '../sandbox/outside/environment.ts';
import { ensurePackages } from '../sandbox/packages.ts';
import { runJest } from './jest.ts';

/** Of the sandbox. */
const id = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 85);
const log = (line: string): void => console.log(line);

/** The Temporal UI in headless Chromium, as an operator uses it; UPDATE_PICTURES=1 keeps the pictures of docs/images. */
async function drive(): Promise<boolean> {
  try {
    await ensurePackages(log, { tests: true });
    const settings = await sandboxUp({ id, log });
    const env = { ...(await environmentOf(settings, process.env)), FEDCTL_TEST_SANDBOX: String(id) };
    return (await runJest(['ui'], env, ['--runInBand'])).failed === 0;
  } finally {
    await sandboxDown({ id });
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void sandboxDown({ id }).finally(() => process.exit(1)));
}
process.exitCode = (await drive()) ? 0 : 1;
