import { labels, names } from '../../src/kubernetes/names.ts';
import { hostPlace } from '../../src/kubernetes/place.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { allEntries, type LedgerEntry } from './ledger.ts';
import { readRecord } from './record.ts';

/** Every object of a federation: what the ledgers name, and what stands in none: namespace, record, Lease, the ledgers. */
export async function allObjects(host: Kube, namespace: string): Promise<LedgerEntry[]> {
  const record = await readRecord(host, namespace);
  const entries = await allEntries(host, namespace);
  if (!record) return entries;
  const labelSelector = `${labels.federation}=${record.uuid}`;
  const [home, maps, leases] = await Promise.all([
    host.read({ apiVersion: 'v1', kind: 'Namespace', name: namespace }),
    host.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector }),
    host.list({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, labelSelector }),
  ]);
  const made = home?.metadata.labels?.[labels.federation] === record.uuid ? [home] : [];
  const known = new Set(entries.map(({ uid }) => uid));
  const books = [...maps, ...leases].filter(({ metadata: { name, uid } }) => isBook(name) && !known.has(uid ?? ''));
  const entry =
    (step: string) =>
    (object: KubeObject): LedgerEntry =>
      entryOf(object, step, record.createdBy);
  return [...made.map(entry('host/namespace')), ...books.map(entry('host/record')), ...entries];
}

const isBook = (name: string): boolean =>
  name === names.record || name === names.lease || name === names.ledger || name.startsWith(names.ledgerOf(''));

const entryOf = ({ apiVersion, kind, metadata }: KubeObject, step: string, firstRunId: string): LedgerEntry => ({
  apiVersion,
  kind,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
  place: hostPlace,
  uid: metadata.uid ?? '',
  step,
  firstRunId,
  origin: 'created',
});
