import type { Output } from './command.ts';
import { usageError } from './exit.ts';

/** Flags that every command which starts a run has. */
export interface RunFlags {
  output: Output;
  detach?: boolean;
  timeout?: string;
  cancelFirst?: boolean;
  takeOver?: boolean;
}

/** How a person wants a run started and followed. */
export interface RunOptions {
  output: Output;
  detach: boolean;
  /** ms; the run goes on after it. */
  timeoutMs: number | undefined;
  cancelFirst: boolean;
}

/** What the flags say. Throws usageError for a `--timeout` that is no duration. */
export async function runOptionsOf({ output, detach, timeout, cancelFirst }: RunFlags): Promise<RunOptions> {
  const timeoutMs = timeout === undefined ? undefined : await durationOf('--timeout', timeout);
  return { output, detach: detach ?? false, timeoutMs, cancelFirst: cancelFirst ?? false };
}

/** ms of a flag's value: `30s`, `10m`. Throws usageError. */
export async function durationOf(flag: string, value: string): Promise<number> {
  const { parseDuration } = await import('../../spec/duration.ts');
  const ms = parseDuration(value);
  if (!ms) throw usageError(`${flag} ${value}: not a duration like 30s or 10m`);
  return ms;
}
