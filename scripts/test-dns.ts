import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sandboxDown, sandboxUp } from '../sandbox/index.ts';
import { environmentOf } from '../sandbox/outside/environment.ts';
import { ensurePackages } from '../sandbox/packages.ts';
import { runJest } from './jest.ts';

/** Of the sandbox. */
const id = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 86);
const rounds = process.env['FEDCTL_DNS_ROUNDS'] ?? '5';
const log = (line: string): void => console.log(line);

/** Lookups of a pod while the cluster it runs in joins and leaves a federation, again and again. */
async function lookups(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'fedctl-dns-'));
  const report = join(folder, 'report');
  try {
    await ensurePackages(log);
    const settings = await sandboxUp({ id, log });
    const more = { FEDCTL_TEST_SANDBOX: String(id), FEDCTL_DNS_ROUNDS: rounds, FEDCTL_DNS_REPORT: report };
    const env = { ...(await environmentOf(settings, process.env)), ...more };
    const { failed } = await runJest(['e2e'], env, ['--runInBand', '--testPathPatterns', 'e2e/cluster-dns']);
    console.log(`\n${(await readFile(report, 'utf8').catch(() => 'no lookups were made')).trim()}`);
    return failed === 0;
  } finally {
    await sandboxDown({ id });
    await rm(folder, { recursive: true, force: true });
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void sandboxDown({ id }).finally(() => process.exit(1)));
}
process.exitCode = (await lookups()) ? 0 : 1;
