import { createReadStream } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { HostRef } from '../../catalogue/call.ts';
import type { DistributionTable } from '../../distributions/table.ts';
import { formatProblem, type Problem } from '../../spec/problem.ts';
import type { Spec } from '../../spec/schema.ts';
import { maxFileBytes } from '../../spec/sources/limits.ts';
import { digestOf, resolvePaths } from './digest.ts';
import { CliError, exit, usageError } from '../io/exit.ts';
import type { Io } from '../io/io.ts';

/** A federation.yaml, with values.yaml, environment and defaults filled in and its paths resolved. */
export interface SpecFile {
  federation: string;
  spec: Spec;
  host: HostRef;
  /** Of the spec with paths unresolved. */
  digest: string;
}

/**
 * Reads `file` (`-`: stdin), and values.yaml in $FEDERATION_OUTPUT_ROOT where that is set. Throws CliError (exit 64)
 * with all problems at once; nothing is touched. `distributions`: what `spec.distribution` is looked up in.
 */
export async function readSpecFile(io: Io, file: string, distributions?: DistributionTable): Promise<SpecFile> {
  const { parseFederation } = await import('../../distributions/parse.ts');
  const text = await readText(io, file);
  const values = await readValues(io);
  const parsed = parseFederation(
    { text, file: file === '-' ? 'stdin' : file, environment: io.env, ...(values ? { values } : {}) },
    distributions,
  );
  if (!parsed.ok) throw specError(parsed.problems);
  for (const note of parsed.notes) io.note(`${io.paint('yellow', 'note:')} ${note}`);
  const { federation, spec } = parsed;
  const folder = file === '-' ? io.cwd : dirname(resolve(io.cwd, file));
  const resolved = resolvePaths(spec, folder, io.env['HOME'] || homedir(), distributions);
  const { context, kubeconfig, namespace } = resolved.host;
  return {
    federation,
    spec: resolved,
    digest: digestOf(spec, distributions),
    host: { context, namespace, ...(kubeconfig ? { kubeconfig } : {}) },
  };
}

/** All problems, a line each with its place, and under it what to do. */
function specError(problems: readonly Problem[]): CliError {
  const files = [...new Set(problems.map(({ file }) => file))].join(' and ');
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const lines = problems.flatMap((problem) => [
    formatProblem(problem),
    ...(problem.hint ? [`    ${problem.hint}`] : []),
  ]);
  const code = problems.every((problem) => problem.code === 'NOT_BUILT_YET') ? 'NOT_BUILT_YET' : 'SPEC_INVALID';
  return new CliError(exit.usage, [`${count} in ${files}`, ...lines].join('\n'), [], { code });
}

async function readValues(io: Io): Promise<{ text: string; file: string } | undefined> {
  const root = io.env['FEDERATION_OUTPUT_ROOT'];
  if (!root) return undefined;
  const file = join(root, 'values.yaml');
  const text = await readUpTo(createReadStream(resolve(io.cwd, file), { end: maxFileBytes })).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(file, error);
  });
  return text === undefined ? undefined : { text, file };
}

async function readText(io: Io, file: string): Promise<string> {
  const stream = file === '-' ? process.stdin : createReadStream(resolve(io.cwd, file), { end: maxFileBytes });
  return readUpTo(stream).catch((error: unknown) => {
    throw unreadable(file, error);
  });
}

/** The whole text; a file without an end must not fill the memory. */
async function readUpTo(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxFileBytes) throw new Error('it is larger than 1 MiB, which no spec is');
  }
  return Buffer.concat(chunks).toString('utf8');
}

const unreadable = (file: string, error: unknown): CliError =>
  usageError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
