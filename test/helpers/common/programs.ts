import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cachedProgram } from '../../../sandbox/programs.ts';

/**
 * A program of the sandbox: from FEDCTL_BIN, the PATH, or what a sandbox built into the user's cache (`make test` does).
 * Throws an Error that says how to get it.
 */
export function findProgram(name: string): string {
  const folders = [process.env['FEDCTL_BIN'] ?? '', ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = folders.map((folder) => join(folder, name)).find((path) => path.startsWith('/') && existsSync(path));
  const program = found ?? cachedProgram(name);
  if (!program) throw new Error(`${name} is not built yet: make test builds it, and fedctl sandbox up`);
  return program;
}
