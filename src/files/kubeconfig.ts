import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The files that kubectl reads: those of $KUBECONFIG, in their order, else ~/.kube/config. */
export function kubeconfigFiles(env: NodeJS.ProcessEnv): [string, ...string[]] {
  const [first, ...others] = (env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean);
  return first === undefined ? [join(env['HOME'] || homedir(), '.kube', 'config')] : [first, ...others];
}

/** What a kubeconfig has to choose from. */
export interface Contexts {
  names: string[];
  current: string | undefined;
}

/** The contexts of a kubeconfig; none when it cannot be read. Throws an Error for a file that is no YAML. */
export async function contextsIn(file: string): Promise<Contexts> {
  const { parse } = await import('yaml');
  const found: unknown = parse(await readFile(file, 'utf8').catch(() => ''));
  const { contexts, 'current-context': current } = (found ?? {}) as Record<string, unknown>;
  return {
    names: Array.isArray(contexts) ? contexts.flatMap(nameOf) : [],
    current: typeof current === 'string' && current !== '' ? current : undefined,
  };
}

function nameOf(entry: unknown): string[] {
  const name = (entry as { name?: unknown } | null)?.name;
  return typeof name === 'string' ? [name] : [];
}
