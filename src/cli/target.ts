import type { Command } from 'commander';
import type { HostRef } from '../plan/call.ts';
import { usageError } from './exit.ts';
import type { Io } from './io.ts';

/** Flags by which a command that takes NAME finds the federation. */
export interface TargetOptions {
  file?: string;
  context?: string;
  kubeconfig?: string;
  namespace?: string;
}

/** A federation, and where its host cluster may be found. */
export interface Target {
  federation: string;
  /** Undefined when nothing names it: the current context is tried then. */
  host: HostRef | undefined;
}

/** Adds `-f`, `--context`, `--kubeconfig` and `--namespace`. */
export const targetOptions = (command: Command): Command =>
  command
    .option('-f, --file <file>', 'the federation.yaml that names it, or - for stdin')
    .option('--context <context>', 'context of the host cluster (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig of the host cluster')
    .option('-n, --namespace <namespace>', 'namespace of the control plane', 'federation');

/** NAME, or the file that has it. Throws usageError when neither is given, or both and they differ. */
export async function resolveTarget(io: Io, name: string | undefined, options: TargetOptions): Promise<Target> {
  if (options.file !== undefined) {
    const { readSpecFile } = await import('./spec-file.ts');
    const { federation, host } = await readSpecFile(io, options.file);
    if (name !== undefined && name !== federation)
      throw usageError(`${options.file} is about ${federation}, not ${name}`);
    return { federation, host: { ...host, ...hostFlags(options) } };
  }
  if (name === undefined)
    throw usageError('which federation? give its NAME, or its file with -f', ['see them: fedctl list']);
  const context = options.context;
  return {
    federation: name,
    host:
      context === undefined
        ? undefined
        : { context, namespace: options.namespace ?? 'federation', ...hostFlags(options) },
  };
}

const hostFlags = ({ context, kubeconfig }: TargetOptions): Partial<HostRef> => ({
  ...(context === undefined ? {} : { context }),
  ...(kubeconfig === undefined ? {} : { kubeconfig }),
});
