import { parseArgs } from 'node:util';
import { ensurePackages } from '../sandbox/packages.ts';
import { ensurePrograms } from '../sandbox/programs.ts';
import { inner, matrix, outer, type Part, phases, prepared, runParts, sources } from './parts.ts';

const { values } = parseArgs({ options: { full: { type: 'boolean' } } });
/** The tests' own sandboxes: beside a running demo (88), and beside another checkout's tests if it sets another. */
const first = Number(process.env['FEDCTL_TEST_SANDBOX'] ?? 89);
const ids = [first, first + 1];
const log = (line: string): void => console.log(line);

/** Everything: checks of the sources, tests that need programs only, then those that need a sandbox. */
const parts: (() => Promise<Part>)[] = [
  () =>
    prepared(async () => {
      await ensurePackages(log, { tests: true });
      await ensurePrograms(log);
    }),
  sources,
  inner,
  () => outer(ids),
  ...(values.full ? [() => phases([first]), () => matrix(first)] : []),
];
await runParts(parts);
