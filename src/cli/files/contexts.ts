import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Contexts that the operator's kubeconfig has. */
export interface Contexts {
  /** In the order of the files, each once. */
  names: string[];
  /** kubectl's own: the first file that names one decides. */
  current: string | undefined;
}

/**
 * Contexts of all files of $KUBECONFIG, else of ~/.kube/config. A file that is not there, cannot be read or is no
 * kubeconfig has none: they are only offered, and the worker's kubeconfig is the one that counts.
 */
export async function readContexts(env: NodeJS.ProcessEnv): Promise<Contexts> {
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean);
  const files = listed.length > 0 ? listed : [join(env['HOME'] || homedir(), '.kube', 'config')];
  const { parse } = await import('yaml');
  const configs = await Promise.all(
    files.map(async (file) => {
      try {
        return asConfig(parse(await readFile(file, 'utf8')));
      } catch {
        return {};
      }
    }),
  );
  const names = configs.flatMap(({ contexts }) => (Array.isArray(contexts) ? contexts.flatMap(nameOf) : []));
  const current = configs.map((config) => config['current-context']).find((name) => typeof name === 'string' && name);
  return { names: [...new Set(names)], current: current as string | undefined };
}

const asConfig = (value: unknown): { contexts?: unknown; 'current-context'?: unknown } =>
  value !== null && typeof value === 'object' ? value : {};

function nameOf(entry: unknown): string[] {
  const name = (entry as { name?: unknown } | null)?.name;
  return typeof name === 'string' ? [name] : [];
}
