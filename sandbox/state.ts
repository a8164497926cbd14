import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How far process 1 of a sandbox is. */
export interface SandboxState {
  phase: 'starting' | 'ready' | 'failed';
  /** Parts that serve already. */
  ready: string[];
  error?: string;
}

/** What process 1 said last; undefined before its first word. */
export async function readState(folder: string): Promise<SandboxState | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')) as SandboxState;
  } catch {
    return undefined;
  }
}
