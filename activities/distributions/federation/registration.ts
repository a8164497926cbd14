import {
  clusterChange,
  clusterObject,
  clusterReadiness,
  clusterRef,
  type FederationCluster,
  isLoopback,
  isOurCluster,
} from '../../../src/distributions/federation/cluster-api.ts';
import type { CallOf, ResultOf } from '../../../src/catalogue/call-of.ts';
import { serverAddressOf } from '../../../src/spec/server-address.ts';
import { labels, names } from '../../../src/kubernetes/names.ts';
import { federationPlace } from '../../../src/kubernetes/place.ts';
import type { Kube } from '../../clients/kube/port.ts';
import type { Deps } from '../../core/deps.ts';
import { failure } from '../../kit/fail.ts';
import { forget, isUndoable, type LedgerEntry, readEntry, recordIntent, recordUid } from '../../core/ledger.ts';
import { entryFor, removeAndWait } from '../../core/objects.ts';
import { deploymentTrouble } from '../../control-plane/rollout.ts';
import { workloads } from './rollout.ts';
import { memberOf, reading, type StepScope, writing } from '../../core/step.ts';
import { waitUntil } from '../../kit/wait.ts';

type Register = 'clusters/{cluster}/register';

/**
 * The Cluster in the federation API: read, then create or merge-patch, because that API refuses server-side apply and
 * writes on dry runs. Throws FOREIGN for a Cluster that is not ours.
 */
async function ensureClusterRegistered(scope: StepScope, call: CallOf<Register>): Promise<ResultOf<Register>> {
  const { cluster, facts } = call.input;
  const federation = await scope.federation();
  const { server } = await scope.deps.kube.contextFacts(memberOf(scope));
  const wanted = clusterObject({ cluster, uuid: scope.run.uuid, contextServer: server, ...facts });
  const found = await federation.read<FederationCluster>(clusterRef(cluster.name));
  if (!found) return create(scope, federation, wanted);
  if (!isOurCluster(found, scope.run.uuid)) return adopt(scope, federation, wanted);
  return updateCluster(scope, call, federation, { found, wanted });
}

const entryOf = (scope: StepScope, name: string, origin: LedgerEntry['origin']): LedgerEntry =>
  entryFor(scope, federationPlace, clusterRef(name), origin);

async function create(scope: StepScope, federation: Kube, wanted: FederationCluster): Promise<ResultOf<Register>> {
  const entry = entryOf(scope, wanted.metadata.name, 'created');
  await recordIntent(scope, entry);
  const { metadata } = await federation.create(wanted);
  await recordUid(scope, entry, metadata.uid ?? '');
  return { outcome: 'created', facts: {} };
}

/** A foreign Cluster becomes ours only by --adopt, and is changed in place: what we did not make we do not delete. */
async function adopt(scope: StepScope, federation: Kube, wanted: FederationCluster): Promise<ResultOf<Register>> {
  const { name, labels: ours, annotations } = wanted.metadata;
  if (!scope.run.adopt) {
    throw failure(
      'FOREIGN',
      `Cluster ${name} of the federation API is there already and does not belong to this federation`,
      {
        object: `Cluster/${name}`,
      },
    );
  }
  const entry = entryOf(scope, name, 'adopted');
  await recordIntent(scope, entry);
  const patch = { metadata: { labels: ours, annotations }, spec: wanted.spec };
  const { metadata } = await federation.mergePatch(clusterRef(name), patch);
  await recordUid(scope, entry, metadata.uid ?? '');
  const note = `Cluster ${name} was there and is adopted; if it does not become Ready, delete it and retry`;
  return { outcome: 'updated', note, facts: {} };
}

async function updateCluster(
  scope: StepScope,
  call: CallOf<Register>,
  federation: Kube,
  { found, wanted }: { found: FederationCluster; wanted: FederationCluster },
): Promise<ResultOf<Register>> {
  const { name } = wanted.metadata;
  const change = clusterChange(found, wanted);
  if (change.how === 'create-again') {
    await removeAndWait(federation, call, clusterRef(name), found.metadata.uid ?? '');
    await create(scope, federation, wanted);
    return {
      outcome: 'updated',
      note: `Cluster ${name} was made again: ${change.why}, which the control plane would not notice`,
      facts: {},
    };
  }
  const after = change.how === 'patch' ? await federation.mergePatch(clusterRef(name), change.patch) : found;
  // A crash after the act left an entry without its UID, or none.
  await recordUid(scope, entryOf(scope, name, 'created'), after.metadata.uid ?? '');
  return { outcome: change.how === 'patch' ? 'updated' : 'kept', facts: {} };
}

/** Undo of register. By the ledger: what was never registered needs no federation API, which may never have come up. */
async function removeCluster(scope: StepScope, call: CallOf<Register>): Promise<ResultOf<Register>> {
  const { name } = call.input.cluster;
  const entry = await readEntry(scope, entryOf(scope, name, 'created'));
  if (!entry || !isUndoable(scope, entry)) return { outcome: 'kept', facts: {} };
  const note = (await controlPlaneGone(scope))
    ? `the control plane is gone, and Cluster ${name} with it`
    : await removeFromApi(scope, call, name, entry);
  await forget(scope, entry);
  return { outcome: 'removed', ...(note ? { note } : {}), facts: {} };
}

async function removeFromApi(
  scope: StepScope,
  call: CallOf<Register>,
  name: string,
  entry: LedgerEntry,
): Promise<string | undefined> {
  const federation = await scope.federation();
  const found = await federation.read<FederationCluster>(clusterRef(name));
  if (!found) return undefined;
  if (!isOurCluster(found, scope.run.uuid)) return `Cluster ${name} belongs to somebody else and stays`;
  if (entry.origin !== 'adopted') {
    await removeAndWait(federation, call, clusterRef(name), found.metadata.uid ?? '');
    return undefined;
  }
  await federation.mergePatch(clusterRef(name), {
    metadata: { labels: { [labels.federation]: null, [labels.managedBy]: null } },
  });
  return `Cluster ${name} was adopted and stays`;
}

/** Without its Deployment or its kubeconfig nothing of this federation's API will ever answer again. */
async function controlPlaneGone(scope: StepScope): Promise<boolean> {
  const { namespace } = scope.run.host;
  const [secret, deployment] = await Promise.all([
    scope.host.read({ apiVersion: 'v1', kind: 'Secret', name: names.adminKubeconfig, namespace }),
    scope.host.read({ apiVersion: 'apps/v1', kind: 'Deployment', name: names.apiserver, namespace }),
  ]);
  return !secret || !deployment;
}

/** Nobody probes a cluster while the controller manager does not run. */
async function proberTrouble(scope: StepScope, { status }: FederationCluster): Promise<string> {
  if ((status?.conditions ?? []).length > 0) return '';
  const trouble = await deploymentTrouble(scope, workloads.controllerManager);
  return trouble && `; ${names.controllerManager} does not run as it should: ${trouble}`;
}

/** Waits for condition Ready, and says what the control plane sees meanwhile. Throws CLUSTER_NOT_READY after that. */
async function waitForClusterReady(
  scope: StepScope,
  call: CallOf<'clusters/{cluster}/ready'>,
): Promise<ResultOf<'clusters/{cluster}/ready'>> {
  const { name } = call.input.cluster;
  const federation = await scope.federation();
  const facts = await scope.deps.kube.contextFacts(memberOf(scope));
  const server = serverAddressOf(call.input.cluster, facts.server);
  const loopback = isLoopback(server);
  const hint = loopback ? `; ${server} means the pod itself there: set clusters[].serverAddresses` : '';
  await waitUntil(
    call,
    'CLUSTER_NOT_READY',
    async () => {
      const found = await federation.read<FederationCluster>(clusterRef(name));
      if (!found)
        throw failure(
          'NOT_FOUND',
          `Cluster ${name} is not in the federation API any more: retry clusters/${name}/register`,
        );
      const why = clusterReadiness(found);
      return why ? { why: `${name}: ${why}${hint}${await proberTrouble(scope, found)}` } : { value: true };
    },
    { data: { cluster: name, server, loopback } },
  );
  return { outcome: 'done', facts: {} };
}

/** Steps about the Cluster object in the federation API. */
export const registrationActivities = (deps: Deps) => ({
  ensureClusterRegistered: writing<Register>(deps, ensureClusterRegistered),
  removeCluster: writing<Register>(deps, removeCluster),
  waitForClusterReady: reading<'clusters/{cluster}/ready'>(deps, waitForClusterReady),
});
