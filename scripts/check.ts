import { checkSources } from './checks.ts';
import { runJest } from './jest.ts';

const { failed } = await checkSources();
// jest's own choice leaves a core idle, which is half of a small machine.
const unit = await runJest(['unit'], {}, ['--maxWorkers=100%']);
console.log(`${unit.passed} unit tests passed, ${unit.failed} failed`);
process.exitCode = failed + unit.failed > 0 ? 1 : 0;
