import { ensurePackages } from '../sandbox/packages.ts';
import { runJest } from './jest.ts';
import { inSandboxes, sharing } from './sandboxes.ts';

/** Of the sandbox. */
const id = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 85);

/** The Temporal UI in headless Chromium, as an operator uses it; UPDATE_PICTURES=1 keeps the pictures of docs/images. */
await ensurePackages((line) => console.log(line), { tests: true });
const { failed } = await inSandboxes([id], () => runJest(['ui'], sharing([id]), ['--runInBand']));
process.exitCode = failed === 0 ? 0 : 1;
