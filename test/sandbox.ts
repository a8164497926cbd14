import { sandboxEnvironment } from '../sandbox/index.ts';

// Several sandboxes stand: each of jest's workers has one of them for all of its files.
const ids = (process.env['FEDCTL_TEST_SANDBOXES'] ?? '').split(',').filter(Boolean);
const id = ids[Number(process.env['JEST_WORKER_ID'] ?? 1) - 1];
if (id) Object.assign(process.env, await sandboxEnvironment({ id: Number(id) }), { FEDCTL_TEST_SANDBOX: id });
