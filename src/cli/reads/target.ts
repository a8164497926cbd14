import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { HostRef } from '../../catalogue/call.ts';
import { defaultNamespace } from '../../kubernetes/names.ts';
import { usageError } from '../io/exit.ts';
import type { Io } from '../io/io.ts';

/** Flags by which a command that takes NAME finds the federation. */
export interface TargetOptions {
  file?: string;
  context?: string;
  kubeconfig?: string;
  namespace?: string;
}

/** What flags say of the host cluster: all of it with a context, else what is laid over a host that is known otherwise. */
export type HostFlags = Partial<HostRef>;

/** A federation, and where its host cluster may be found. */
export interface Target {
  federation: string;
  /** Undefined when neither file nor --context names it: the last run's host is tried then, and the current context. */
  host: HostRef | undefined;
  /** Flags without a context: for the host that is found. */
  flags?: HostFlags;
}

/** Adds `-f`, `--context`, `--kubeconfig` and `--namespace`. */
export const targetOptions = (command: Command): Command =>
  command
    .option('-f, --file <file>', 'the federation.yaml that names it, or - for stdin')
    .option('--context <context>', 'context of the host cluster (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig of the host cluster')
    .option('-n, --namespace <namespace>', `namespace of the control plane (default: ${defaultNamespace})`);

/** NAME, or the file that has it. Throws usageError when neither is given, or both and they differ. */
export async function resolveTarget(io: Io, name: string | undefined, options: TargetOptions): Promise<Target> {
  const flags = hostFlags(io, options);
  if (options.file !== undefined) {
    const { readSpecFile } = await import('../files/spec-file.ts');
    const { federation, host } = await readSpecFile(io, options.file);
    if (name !== undefined && name !== federation)
      throw usageError(`${options.file} is about ${federation}, not ${name}`);
    return { federation, host: { ...host, ...flags } };
  }
  if (name === undefined)
    throw usageError('which federation? give its NAME, or its file with -f', ['see them: fedctl list']);
  const { context } = flags;
  if (context === undefined) return { federation: name, host: undefined, flags };
  return { federation: name, host: { namespace: defaultNamespace, ...flags, context } };
}

/** The file as the worker will look for it, wherever that runs. */
const hostFlags = ({ cwd }: Io, { context, kubeconfig, namespace }: TargetOptions): HostFlags => ({
  ...(context === undefined ? {} : { context }),
  ...(kubeconfig === undefined ? {} : { kubeconfig: resolve(cwd, kubeconfig) }),
  ...(namespace === undefined ? {} : { namespace }),
});

/** The host a target names, else the one that is known, with what the flags say; undefined when there is neither. */
export const hostAmong = ({ host, flags }: Target, known: HostRef | undefined): HostRef | undefined =>
  host ?? (known && { ...known, ...flags });
