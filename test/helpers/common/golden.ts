import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';

/**
 * Holds a text to the file `test/golden/<name>`; UPDATE_GOLDEN=1 writes the file instead.
 * A file that is not there fails the test, so that nothing is golden that nobody has looked at.
 */
export function expectGolden(name: string, text: string): void {
  const file = fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
  const actual = `${text.trimEnd()}\n`;
  if (process.env['UPDATE_GOLDEN']) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
  }
  expect(existsSync(file) ? readFileSync(file, 'utf8') : `no golden file ${name}: UPDATE_GOLDEN=1 writes it`).toBe(
    actual,
  );
}
