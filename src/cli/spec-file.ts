import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { text as readStream } from 'node:stream/consumers';
import type { HostRef } from '../plan/call.ts';
import { federationSchema, type Spec } from '../spec/schema.ts';
import { digestOf, resolvePaths } from './digest.ts';
import { usageError } from './exit.ts';
import type { Io } from './io.ts';

/** A federation.yaml, with values.yaml, environment and defaults filled in and its paths resolved. */
export interface SpecFile {
  federation: string;
  spec: Spec;
  host: HostRef;
  /** Of the spec with paths unresolved. */
  digest: string;
}

/** Reads `file` (`-`: stdin). Throws usageError with all problems at once; nothing is touched. */
export async function readSpecFile(io: Io, file: string): Promise<SpecFile> {
  const { parse } = await import('yaml');
  const text = await readText(io, file);
  const parsed = federationSchema.safeParse(parse(text));
  if (!parsed.success) throw usageError(parsed.error.message);
  const federation = parsed.data.metadata.name;
  const { spec } = parsed.data;
  const folder = file === '-' ? io.cwd : dirname(resolve(io.cwd, file));
  const resolved = resolvePaths(spec, folder, io.env['HOME'] || homedir());
  const { context, kubeconfig, namespace } = resolved.host;
  return {
    federation,
    spec: resolved,
    digest: digestOf(spec),
    host: { context, namespace, ...(kubeconfig ? { kubeconfig } : {}) },
  };
}

async function readText(io: Io, file: string): Promise<string> {
  if (file === '-') return readStream(process.stdin);
  try {
    return await readFile(resolve(io.cwd, file), 'utf8');
  } catch (error) {
    throw usageError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
}
