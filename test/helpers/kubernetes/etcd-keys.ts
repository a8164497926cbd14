/** A store as it was; see `putBack`. */
export type Keys = ReadonlyMap<string, { value: string; revision: string }>;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
/** What an API server renews all the time, for itself. */
const renewed = /^\/registry\/(leases\/kube-system\/apiserver-|masterleases\/|peerserverleases\/)/;
/** What it makes for itself when it starts; the last of it may come after it says that it is ready. */
const made = [
  '/registry/namespaces/default',
  '/registry/namespaces/kube-system',
  '/registry/priorityclasses/system-node-critical',
  '/registry/ranges/servicenodeports',
  '/registry/roles/kube-system/system:controller:bootstrap-signer',
  '/registry/servicecidrs/kubernetes',
  '/registry/services/specs/default/kubernetes',
];

/** One call of etcd's JSON gateway; throws with its words. */
async function ask(url: string, path: string, body: object): Promise<unknown> {
  const answer = await fetch(`${url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function readKeys(url: string): Promise<Keys> {
  const range = { key: base64('/registry/'), range_end: base64('/registry0') };
  const { kvs = [] } = (await ask(url, 'range', range)) as {
    kvs?: { key: string; value: string; mod_revision: string }[];
  };
  const named = kvs.map(({ key, value, mod_revision: revision }) => {
    return [Buffer.from(key, 'base64').toString(), { value, revision }] as const;
  });
  return new Map(named.filter(([name]) => !renewed.test(name)));
}

/** Everything that an API server's etcd holds, once the API server has made all of its own objects. */
export async function freshKeys(url: string): Promise<Keys> {
  for (;;) {
    const keys = await readKeys(url);
    if (made.every((name) => keys.has(name))) return keys;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Deletes what is there beyond `fresh`, and writes what differs or is gone; the API server hears of it by its watches. */
export async function putBack(url: string, fresh: Keys): Promise<void> {
  const now = await readKeys(url);
  const added = [...now.keys()].filter((name) => !fresh.has(name));
  const changed = [...fresh].filter(([name, { revision }]) => now.get(name)?.revision !== revision);
  const operations = [
    ...added.map((name) => ({ request_delete_range: { key: base64(name) } })),
    ...changed.map(([name, { value }]) => ({ request_put: { key: base64(name), value } })),
  ];
  // etcd takes 128 operations at once.
  for (let at = 0; at < operations.length; at += 100)
    await ask(url, 'txn', { success: operations.slice(at, at + 100) });
}
