import { dnsNamespace } from '../../src/cluster-dns/shapes.ts';
import { nameOfPlace } from '../../src/kubernetes/place.ts';
import type { ObjectPreview } from '../../src/plan/preview.ts';
import { surgeNote } from '../../src/cluster-dns/surge.ts';
import type { ClusterSpec } from '../../src/spec/schema.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { Deps } from '../core/deps.ts';
import { podsOf } from '../cluster-dns/pods.ts';
import { allEntries, type LedgerEntry } from '../core/ledger.ts';
import { readClusterDns } from '../cluster-dns/member-dns.ts';
import type { PreviewQuestion } from './preview.ts';
import type { FederationRecord } from '../core/record.ts';

/** What only the ledger tells of an object: which one it is, not how it stands. */
const noVersions = { resourceVersion: null, standing: null, wanted: null, fields: [] };

/** Members of the record that the spec does not name any more: with --prune they leave. */
export async function previewLeaving(
  deps: Deps,
  host: Kube,
  { spec, host: ref, prune, record }: PreviewQuestion & { record: FederationRecord | undefined },
): Promise<ObjectPreview[]> {
  const leaving = (record?.members ?? []).filter(({ name }) => !spec.clusters.some((one) => one.name === name));
  if (leaving.length === 0) return [];
  const entries = (await allEntries(host, ref.namespace)).filter(({ kind }) => kind !== 'Pod');
  const previews = await Promise.all(
    leaving.map(async (member) => {
      const own = entries.filter(({ step }) => step.startsWith(`clusters/${member.name}/`));
      const edited = own.some(({ step }) => step === `clusters/${member.name}/cluster-dns`);
      const pods = prune && edited ? await podsOfDns(deps, member) : [];
      const leaves = own.map((entry) => leavingObject(member.name, entry, prune === true));
      const same = (one: ObjectPreview): boolean => leaves.some(({ uid }) => uid === one.uid);
      return [...leaves, ...pods.filter((one) => !same(one))];
    }),
  );
  return previews.flat();
}

function leavingObject(member: string, entry: LedgerEntry, prune: boolean): ObjectPreview {
  const { place, apiVersion = 'v1', kind, namespace, name, uid, step } = entry;
  // The pods that see what comes back are replaced by the step after it.
  const steps = step.endsWith('/cluster-dns') ? [step, `clusters/${member}/recycle`] : [step];
  const about = { ...noVersions, steps, cluster: nameOfPlace(place), apiVersion, kind, namespace, name, uid };
  if (!prune) return { ...about, action: 'keep', note: `${member} is not in the file; --prune unjoins it` };
  if (entry.origin === 'created') return { ...about, action: 'delete', note: `${member} leaves` };
  return { ...about, action: 'update', note: `${member} leaves: the former configuration is restored` };
}

/** The pods that are replaced when the cluster DNS of a leaving member gets its former configuration back. */
async function podsOfDns(deps: Deps, member: ClusterSpec): Promise<ObjectPreview[]> {
  const kube = await deps.kube.forContext(member);
  const dns = await readClusterDns(kube);
  if ('code' in dns) return [];
  const [telling, recycle] = [`clusters/${member.name}/cluster-dns`, `clusters/${member.name}/recycle`];
  const { controller } = dns;
  const about = { ...noVersions, cluster: member.name, namespace: dnsNamespace };
  const pods = (await podsOf(kube, controller)).map(({ metadata: { name, uid = '' } }): ObjectPreview => ({
    ...{ ...about, apiVersion: 'v1', kind: 'Pod', name, uid },
    ...{ steps: [recycle], action: 'delete', note: `${member.name} leaves: replaced` },
  }));
  const note = surgeNote(controller);
  if (note === undefined) return pods;
  const { apiVersion, kind, metadata } = controller.object;
  const { name, uid = '' } = metadata;
  const what = { ...about, apiVersion, kind, name, uid };
  return [...pods, { ...what, steps: [telling, recycle], action: 'keep', note: `${member.name} leaves: ${note}` }];
}
