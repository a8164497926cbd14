import type { HostRef } from '../../catalogue/call.ts';
import { imageSourcesOf } from '../../spec/image-sources.ts';
import type { Spec } from '../../spec/schema.ts';
import type { ImageValues } from '../../images/values-yaml.ts';
import { CliError, exit, refusal } from '../io/exit.ts';
import type { Io } from '../io/io.ts';
import {
  contextRefOf,
  type ContextRef,
  kubeconfigPath,
  removeContext,
  writeContext,
} from '../files/kubeconfig-file.ts';

/** What was written for the operator, a line each, and why values.yaml was not. */
export interface OperatorFiles {
  lines: string[];
  failed?: CliError;
}

/**
 * Writes what the federation gives its operator: the context in the kubeconfig, and the image values in values.yaml.
 * From facts the run left in the host cluster, so that any later `up` or `kubeconfig` can do it too. A host that this
 * machine cannot reach is a note, not an error: the federation is up all the same.
 */
export async function writeOperatorFiles(io: Io, host: HostRef, spec: Spec): Promise<OperatorFiles> {
  const lines: string[] = [];
  try {
    lines.push(...(await writeKubeconfig(io, host, spec.kubeconfig.context)));
    lines.push(...(await writeImageValues(io, host, spec)));
    return { lines };
  } catch (error) {
    if (error instanceof CliError && error.exitCode === exit.failed) return { lines, failed: error };
    const why = (error as Error).message;
    return { lines: [...lines, `note: your files were not written: ${why}`, '  later: fedctl kubeconfig NAME'] };
  }
}

/** The values.yaml that a run with this spec will write; undefined without `images.build`, or without the variable. */
async function valuesOf(io: Io, spec: Spec): Promise<string | undefined> {
  const { valuesPath } = await import('../files/values-file.ts');
  return imageSourcesOf(spec).build ? valuesPath(io.env) : undefined;
}

/** Before anything is built or pushed: could values.yaml be written afterwards? Throws CliError (7) with the reason. */
export async function assertValues(io: Io, spec: Spec): Promise<void> {
  const file = await valuesOf(io, spec);
  if (file === undefined) return;
  const { checkValues } = await import('../files/values-file.ts');
  await checkValues(file).catch((error: Error) => {
    throw refusal(`${file} could not be written after the push: ${error.message}`, [
      'make it writable, correct it, or set FEDERATION_OUTPUT_ROOT to another folder',
      'without FEDERATION_OUTPUT_ROOT no values.yaml is written',
    ]);
  });
}

/**
 * Where the built images are, in $FEDERATION_OUTPUT_ROOT/values.yaml: as the guide's own push did it. Returns nothing
 * without `images.build` (then the values are inputs) or without the variable (then the operator keeps no such file).
 * Throws CliError when the file was not written.
 */
export async function writeImageValues(io: Io, host: HostRef | undefined, spec: Spec): Promise<string[]> {
  const file = await valuesOf(io, spec);
  if (file === undefined) return [];
  const [{ openLocal }, { imageValues }] = await Promise.all([
    import('../../../worker/local.ts'),
    import('../../images/values-yaml.ts'),
  ]);
  const values = imageValues((await openLocal(io.env).record(host))?.images ?? {});
  if (!values) return ['note: the record of the federation names no images yet'];
  return [await tellValues(file, values)];
}

/** Writes the values and answers a line about it. Throws CliError, with what to do, when the file was not written. */
export async function tellValues(file: string, values: ImageValues): Promise<string> {
  const { writeValues } = await import('../files/values-file.ts');
  try {
    const outcome = await writeValues(file, values);
    return outcome === 'kept' ? `the images are in ${file} already` : `the images written to ${file}`;
  } catch (error) {
    throw new CliError(exit.failed, `the image is pushed, but ${file} was not written: ${(error as Error).message}`, [
      'correct the file, then run this command again: nothing is built or pushed twice',
    ]);
  }
}

/** The context of the federation in the operator's kubeconfig; answers a line about it. */
export async function writeKubeconfig(io: Io, host: HostRef | undefined, context: string): Promise<string[]> {
  const { openLocal } = await import('../../../worker/local.ts');
  const text = await openLocal(io.env).adminKubeconfig(host);
  if (text === undefined) return ['note: the host cluster has no kubeconfig of the federation yet'];
  const file = kubeconfigPath(io.env);
  const outcome = await writeContext(file, text, context);
  return [outcome === 'kept' ? `context ${context} is in ${file} already` : `context ${context} written to ${file}`];
}

/** The context that a turn-down will take away, to be remembered by its run; undefined where the host cannot tell. */
export async function contextOfHost(io: Io, host: HostRef): Promise<ContextRef | undefined> {
  const { openLocal } = await import('../../../worker/local.ts');
  const local = openLocal(io.env);
  try {
    const [text, record] = await Promise.all([local.adminKubeconfig(host), local.record(host)]);
    const context = record?.spec?.kubeconfig.context;
    return text === undefined || context === undefined ? undefined : await contextRefOf(text, context);
  } catch {
    return undefined; // without access to the host the run still goes; the entry is then the operator's to remove
  }
}

/** Takes the context of a federation that is down out of the operator's kubeconfig; answers a line where it stood. */
export async function forgetContext(io: Io, ref: ContextRef | undefined): Promise<string[]> {
  if (!ref) return [];
  const file = kubeconfigPath(io.env);
  return (await removeContext(file, ref)) ? [`context ${ref.context} removed from ${file}`] : [];
}
