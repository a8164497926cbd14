import { capture } from './process.ts';

/** A check of the sources that is no test: passes or fails as one. */
interface SourceCheck {
  name: string;
  argv: string[];
  fix: string;
}

/** What a check keeps of its last run. */
const cached = (name: string): string => `node_modules/.cache/${name}`;

const checks: readonly SourceCheck[] = [
  {
    name: 'format',
    argv: ['prettier', '--log-level', 'warn', '--cache', '--cache-location', cached('formatted'), '--check', '.'],
    fix: 'npm run format',
  },
  {
    name: 'lint',
    argv: ['eslint', '--cache', '--cache-location', `${cached('eslint')}/`, '.'],
    fix: 'correct what is named above',
  },
  { name: 'types', argv: ['tsc', '--noEmit'], fix: 'correct what is named above' },
  { name: 'generated docs', argv: ['node', 'scripts/docs.ts', '--check'], fix: 'make docs' },
];

/** Runs all checks of the sources; answers how many passed and failed, and prints a line for each. */
export async function checkSources(): Promise<{ passed: number; failed: number }> {
  const results = await Promise.all(
    checks.map(async ({ name, argv, fix }) => {
      const began = Date.now();
      const { code, output } = await capture(argv);
      const seconds = ((Date.now() - began) / 1_000).toFixed(1);
      console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
      if (code !== 0) console.log(`${output.trimEnd()}\n  fix: ${fix}`);
      return code === 0;
    }),
  );
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed };
}
