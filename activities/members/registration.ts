import type { CallOf, ResultOf, UndoCallOf } from '../../src/catalogue/call-of.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { labels } from '../../src/kubernetes/names.ts';
import { federationPlace } from '../../src/kubernetes/place.ts';
import { isLoopback, serverAddressOf } from '../../src/spec/server-address.ts';
import type { Kube } from '../clients/kube/port.ts';
import { apiWorkload, proberWorkload } from '../control-plane/components.ts';
import { readWorkload, workloadTrouble } from '../control-plane/rollout.ts';
import type { Deps } from '../core/deps.ts';
import { failure } from '../kit/fail.ts';
import { forget, isUndoable, type LedgerEntry, readEntry, recordIntent, recordUid } from '../core/ledger.ts';
import { entryFor, removeAndWait } from '../core/objects.ts';
import { memberOf, reading, type StepScope, undoing, writing } from '../core/step.ts';
import { waitUntil } from '../kit/wait.ts';

type Register = 'clusters/{cluster}/register';

/**
 * The object by which the API of the control plane knows the member: read, then create or merge-patch, because such an
 * API may refuse server-side apply and write on dry runs. Throws FOREIGN for one that is not ours.
 */
async function ensureClusterRegistered(scope: StepScope, call: CallOf<Register>): Promise<ResultOf<Register>> {
  const { cluster, facts } = call.input;
  const federation = await scope.federation();
  const { server } = await scope.deps.kube.contextFacts(memberOf(scope));
  const { member } = scope.distribution;
  const wanted = member.wanted({ cluster, uuid: scope.run.uuid, contextServer: server, ...facts });
  const found = await federation.read(member.ref(cluster.name));
  if (!found) return create(scope, federation, wanted);
  if (!member.isOurs(found, scope.run.uuid)) return adopt(scope, federation, wanted);
  return updateCluster(scope, call, federation, { found, wanted });
}

const sayMember = ({ distribution }: StepScope, name: string): string => `${distribution.member.kind} ${name}`;

const entryOf = (scope: StepScope, name: string, origin: LedgerEntry['origin']): LedgerEntry =>
  entryFor(scope, federationPlace, scope.distribution.member.ref(name), origin);

async function create(scope: StepScope, federation: Kube, wanted: KubeObject): Promise<ResultOf<Register>> {
  const entry = entryOf(scope, wanted.metadata.name, 'created');
  await recordIntent(scope, entry);
  const { metadata } = await federation.create(wanted);
  await recordUid(scope, entry, metadata.uid ?? '');
  return { outcome: 'created', facts: {} };
}

/** A foreign Cluster becomes ours only by --adopt, and is changed in place: what we did not make we do not delete. */
async function adopt(scope: StepScope, federation: Kube, wanted: KubeObject): Promise<ResultOf<Register>> {
  const { name, labels: ours, annotations } = wanted.metadata;
  if (!scope.run.adopt) {
    throw failure(
      'FOREIGN',
      `${sayMember(scope, name)} of the ${scope.distribution.words.noun} API already exists and does not belong to this federation`,
      {
        object: `${scope.distribution.member.kind}/${name}`,
      },
    );
  }
  const entry = entryOf(scope, name, 'adopted');
  await recordIntent(scope, entry);
  const patch = { metadata: { labels: ours, annotations }, spec: wanted['spec'] };
  const { metadata } = await federation.mergePatch(scope.distribution.member.ref(name), patch);
  await recordUid(scope, entry, metadata.uid ?? '');
  const note = `${sayMember(scope, name)} was there and is adopted; if it does not become Ready, delete it and retry`;
  return { outcome: 'updated', note, facts: {} };
}

async function updateCluster(
  scope: StepScope,
  call: CallOf<Register>,
  federation: Kube,
  { found, wanted }: { found: KubeObject; wanted: KubeObject },
): Promise<ResultOf<Register>> {
  const { member } = scope.distribution;
  const { name } = wanted.metadata;
  const change = member.change(found, wanted);
  if (change.how === 'create-again') {
    await removeAndWait(federation, call, member.ref(name), found.metadata.uid ?? '');
    await create(scope, federation, wanted);
    return {
      outcome: 'updated',
      note: `${sayMember(scope, name)} was recreated: ${change.why}, which the control plane would not notice`,
      facts: {},
    };
  }
  const after = change.how === 'patch' ? await federation.mergePatch(member.ref(name), change.patch) : found;
  // A crash after the act left an entry without its UID, or none.
  await recordUid(scope, entryOf(scope, name, 'created'), after.metadata.uid ?? '');
  return { outcome: change.how === 'patch' ? 'updated' : 'kept', facts: {} };
}

/** Undo of register. By the ledger: what was never registered needs no API of the control plane, which may never have come up. */
async function removeCluster(scope: StepScope, call: UndoCallOf<Register>): Promise<ResultOf<Register>> {
  const { name } = call.input.cluster;
  const entry = await readEntry(scope, entryOf(scope, name, 'created'));
  if (!entry || !isUndoable(scope, entry)) return { outcome: 'kept', facts: {} };
  const note = (await controlPlaneGone(scope))
    ? `the control plane is gone, and ${sayMember(scope, name)} with it`
    : await removeFromApi(scope, call, name, entry);
  await forget(scope, entry);
  return { outcome: 'removed', ...(note ? { note } : {}), facts: {} };
}

async function removeFromApi(
  scope: StepScope,
  call: UndoCallOf<Register>,
  name: string,
  entry: LedgerEntry,
): Promise<string | undefined> {
  const { member } = scope.distribution;
  const federation = await scope.federation();
  const found = await federation.read(member.ref(name));
  if (!found) return undefined;
  if (!member.isOurs(found, scope.run.uuid)) return `${sayMember(scope, name)} belongs to somebody else and is kept`;
  if (entry.origin !== 'adopted') {
    await removeAndWait(federation, call, member.ref(name), found.metadata.uid ?? '');
    return undefined;
  }
  await federation.mergePatch(member.ref(name), {
    metadata: { labels: { [labels.federation]: null, [labels.managedBy]: null } },
  });
  return `${sayMember(scope, name)} was adopted and is kept`;
}

/** Without its workload or its kubeconfig nothing of this federation's API will ever answer again. */
async function controlPlaneGone(scope: StepScope): Promise<boolean> {
  const { names } = scope.distribution;
  const { namespace } = scope.run.host;
  const api = apiWorkload(scope.distribution);
  const [secret, workload] = await Promise.all([
    scope.host.read({ apiVersion: 'v1', kind: 'Secret', name: names.adminKubeconfig, namespace }),
    api && readWorkload(scope, api),
  ]);
  return !secret || (api !== undefined && !workload);
}

/** Nobody probes a member while the program that does so does not run. */
async function proberTrouble(scope: StepScope, registered: KubeObject): Promise<string> {
  const { conditions = [] } = (registered['status'] ?? {}) as { conditions?: object[] };
  const prober = proberWorkload(scope.distribution);
  if (conditions.length > 0 || !prober) return '';
  const trouble = await workloadTrouble(scope, prober);
  return trouble && `; ${prober.name} is not healthy: ${trouble}`;
}

/** Waits for condition Ready, and says what the control plane sees meanwhile. Throws CLUSTER_NOT_READY after that. */
async function waitForClusterReady(
  scope: StepScope,
  call: CallOf<'clusters/{cluster}/ready'>,
): Promise<ResultOf<'clusters/{cluster}/ready'>> {
  const { name } = call.input.cluster;
  const { member, words } = scope.distribution;
  const federation = await scope.federation();
  const facts = await scope.deps.kube.contextFacts(memberOf(scope));
  const server = serverAddressOf(call.input.cluster, facts.server);
  const loopback = isLoopback(server);
  const hint = loopback ? `; ${server} means the pod itself there: set clusters[].serverAddresses` : '';
  await waitUntil(
    call,
    'CLUSTER_NOT_READY',
    async () => {
      const found = await federation.read(member.ref(name));
      if (!found)
        throw failure(
          'NOT_FOUND',
          `${sayMember(scope, name)} is not in the ${words.noun} API any more: retry clusters/${name}/register`,
        );
      const why = member.readiness(found);
      return why ? { why: `${name}: ${why}${hint}${await proberTrouble(scope, found)}` } : { value: true };
    },
    { data: { cluster: name, server, loopback, prober: proberWorkload(scope.distribution)?.name } },
  );
  return { outcome: 'done', facts: {} };
}

/** Steps about the object by which the API of the control plane knows a member. */
export const registrationActivities = (deps: Deps) => ({
  ensureClusterRegistered: writing<Register>(deps, ensureClusterRegistered),
  removeCluster: undoing<Register, ResultOf<Register>>(deps, removeCluster),
  waitForClusterReady: reading<'clusters/{cluster}/ready'>(deps, waitForClusterReady),
});
