import { ensurePackages } from '../sandbox/packages.ts';
import { ensurePrograms } from '../sandbox/programs.ts';
import { matrix, phases, runParts } from './parts.ts';

/** Of the sandbox, and of the addresses that the quick clusters use. */
const id = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 87);
const log = (line: string): void => console.log(line);

await ensurePackages(log);
await ensurePrograms(log);
await runParts([() => matrix(id), () => phases([id])]);
