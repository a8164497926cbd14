import { checkSources } from './checks.ts';
import { runJest } from './jest.ts';

const { failed } = await checkSources();
const unit = await runJest(['unit'], {});
console.log(`${unit.passed} unit tests passed, ${unit.failed} failed`);
process.exitCode = failed + unit.failed > 0 ? 1 : 0;
