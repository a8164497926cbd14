import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages } from '../sandbox/packages.ts';
import { runJest } from './jest.ts';
import { inSandboxes, sharing } from './sandboxes.ts';

/** Of the sandbox. */
const id = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 86);
const rounds = process.env['FEDCTL_DNS_ROUNDS'] ?? '5';

/** Lookups of a pod while the cluster it runs in joins and leaves a federation, again and again. */
async function lookups(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'fedctl-dns-'));
  const report = join(folder, 'report');
  const env = { ...sharing([id]), FEDCTL_DNS_ROUNDS: rounds, FEDCTL_DNS_REPORT: report };
  try {
    await ensurePackages((line) => console.log(line));
    const { failed } = await inSandboxes([id], () =>
      runJest(['e2e'], env, ['--runInBand', '--testPathPatterns', 'e2e/cluster-dns']),
    );
    console.log(`\n${(await readFile(report, 'utf8').catch(() => 'no lookups were made')).trim()}`);
    return failed === 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = (await lookups()) ? 0 : 1;
