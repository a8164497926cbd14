import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Document } from 'yaml';
import { kubeconfigFiles } from '../../files/kubeconfig.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { usageError } from '../io/exit.ts';

/**
 * A lock that is older was left by a process that died, ms. The lock file is kubectl's own, which tells of no process:
 * so age alone says whether it is held, and src/files/lock.ts cannot be it.
 */
const staleMs = 10_000;

/** The file that kubectl itself would write: the first of $KUBECONFIG, else ~/.kube/config. */
export const kubeconfigPath = (env: NodeJS.ProcessEnv): string => kubeconfigFiles(env)[0];

/** Names of the three entries that one context is made of. */
interface Entries {
  clusters: object;
  users: object;
  contexts: object;
}

/**
 * Puts the one context of `addition` (the text of a kubeconfig) under the name `context` into the text of another.
 * Other entries, comments and current-context stay as they are. Returns undefined when it stands there already.
 * Throws usageError when either text is no kubeconfig.
 */
export async function mergeContext(existing: string, addition: string, context: string): Promise<string | undefined> {
  const { parse, parseDocument } = await import('yaml');
  const entries = entriesOf(parse(addition) as unknown, context);
  const document = parseDocument(existing.trim() === '' ? emptyConfig : existing);
  if (document.errors.length > 0)
    throw usageError(`the kubeconfig is not valid YAML: ${document.errors[0]?.message.split('\n')[0] ?? ''}`);
  const changed = (Object.keys(entries) as (keyof Entries)[]).map((list) =>
    putNamed(document, list, { name: context, ...entries[list] }),
  );
  return changed.some(Boolean) ? document.toString({ lineWidth: 0 }) : undefined;
}

const emptyConfig = 'apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\ncurrent-context: ""\n';

function entriesOf(config: unknown, context: string): Entries {
  const { clusters, users } = (config ?? {}) as { clusters?: { cluster: object }[]; users?: { user: object }[] };
  const [cluster, user] = [clusters?.[0]?.cluster, users?.[0]?.user];
  if (!cluster || !user) throw usageError('the federation has given no kubeconfig with a cluster and a user');
  return { clusters: { cluster }, users: { user }, contexts: { context: { cluster: context, user: context } } };
}

/** Sets the entry of this name in a list of the document; answers whether that changed anything. */
function putNamed(document: Document, list: keyof Entries, entry: { name: string }): boolean {
  const items = (document.toJS() as Record<string, { name?: string }[] | undefined>)[list] ?? [];
  const index = items.findIndex((item) => item?.name === entry.name);
  if (index >= 0 && isDeepStrictEqual(items[index], entry)) return false;
  if (items.length === 0) document.set(list, document.createNode([entry]));
  else document.setIn([list, index >= 0 ? index : items.length], document.createNode(entry));
  return true;
}

/**
 * Writes the context into the operator's kubeconfig, under kubectl's own lock, all at once; a new file is for its owner alone.
 * Returns `kept` when it stood there already. The file's other entries are not touched.
 */
export async function writeContext(file: string, addition: string, context: string): Promise<'written' | 'kept'> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  return withLock(`${file}.lock`, async () => {
    const merged = await mergeContext(await readOrEmpty(file), addition, context);
    if (merged === undefined) return 'kept';
    await replaceFile(file, merged);
    return 'written';
  });
}

/** A context of a federation, and the CA (base64) by which it is known as that federation's. */
export interface ContextRef {
  context: string;
  authority: string;
}

/** The context of a kubeconfig's text. Throws usageError when it holds no cluster and user. */
export async function contextRefOf(text: string, context: string): Promise<ContextRef> {
  const { parse } = await import('yaml');
  const { clusters } = entriesOf(parse(text) as unknown, context);
  return { context, authority: String(authorityOf((clusters as { cluster: object }).cluster)) };
}

/**
 * Takes the entries of a context out of the text of a kubeconfig, when they have that CA; answers undefined when they
 * are not there or somebody else's.
 */
export async function withoutContext(existing: string, ref: ContextRef): Promise<string | undefined> {
  const { context, authority } = ref;
  const { parseDocument } = await import('yaml');
  const document = parseDocument(existing);
  const config = document.toJS() as Record<keyof Entries, { name?: string; cluster?: object }[] | undefined> | null;
  const cluster = config?.clusters?.find((entry) => entry.name === context)?.cluster;
  if (!cluster || authorityOf(cluster) !== authority) return undefined;
  for (const list of ['clusters', 'users', 'contexts'] as const) {
    const index = (config?.[list] ?? []).findIndex((entry) => entry.name === context);
    if (index >= 0) document.deleteIn([list, index]);
  }
  if (document.get('current-context') === context) document.set('current-context', '');
  return document.toString({ lineWidth: 0 });
}

const authorityOf = (cluster: object): unknown => (cluster as Record<string, unknown>)['certificate-authority-data'];

/** Removes the context of a federation that is down from the operator's kubeconfig; answers whether it stood there. */
export async function removeContext(file: string, ref: ContextRef): Promise<boolean> {
  return withLock(`${file}.lock`, async () => {
    const existing = await readOrEmpty(file);
    const left = existing === '' ? undefined : await withoutContext(existing, ref);
    if (left !== undefined) await replaceFile(file, left);
    return left !== undefined;
  });
}

const readOrEmpty = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw usageError(`${file} cannot be read: ${(error as Error).message}`);
  }
};

async function withLock<T>(lock: string, act: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 2 * staleMs; ; await sleep(100)) {
    if (await take(lock)) break;
    if (Date.now() > end) throw usageError(`${lock} is held by another program`, [`if none is running: rm ${lock}`]);
  }
  try {
    return await act();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx')).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw usageError(`${lock} cannot be made: ${(error as Error).message}`);
    const age = await stat(lock).then(
      (facts) => Date.now() - facts.mtimeMs,
      () => 0,
    );
    if (age > staleMs) await rm(lock, { force: true });
    return false;
  }
}
