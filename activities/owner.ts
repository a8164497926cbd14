import { names } from '../src/plan/names.ts';
import type { Kube, KubeObject, ObjectRef } from './clients/kube-port.ts';
import { failure } from './fail.ts';
import type { StepScope } from './step.ts';

/** ms after which a writing step renews the Lease. */
const renewAfterMs = 30_000;

const annotation = {
  temporalNamespace: 'fedctl/temporal-namespace',
  workflow: 'fedctl/workflow-id',
  firstRun: 'fedctl/first-run-id',
} as const;

/** On the Lease: first run id of the run that holds the federation. */
export const firstRunAnnotation = annotation.firstRun;

/** Who holds a federation. */
export interface Owner {
  holder: string;
  temporalNamespace: string;
  workflowId: string;
  firstRunId: string;
  renewTime: string;
}

const leaseRef = (namespace: string): ObjectRef => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  name: names.lease,
  namespace,
});

const specOf = (lease: KubeObject): { holderIdentity?: string; renewTime?: string } =>
  (lease['spec'] as { holderIdentity?: string; renewTime?: string } | undefined) ?? {};

function ownerOf(lease: KubeObject): Owner | undefined {
  const notes = lease.metadata.annotations ?? {};
  const { holderIdentity = '', renewTime = '' } = specOf(lease);
  if (!holderIdentity) return undefined;
  return {
    holder: holderIdentity,
    temporalNamespace: notes[annotation.temporalNamespace] ?? '',
    workflowId: notes[annotation.workflow] ?? '',
    firstRunId: notes[annotation.firstRun] ?? '',
    renewTime,
  };
}

/** Who holds the federation of a namespace; undefined when nobody does. */
export async function readOwner(host: Kube, namespace: string): Promise<Owner | undefined> {
  const lease = await host.read(leaseRef(namespace));
  return lease && ownerOf(lease);
}

/** Lease times have microseconds. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z');

const isMine = (scope: StepScope, owner: Owner): boolean => owner.firstRunId === scope.run.firstRunId;

/**
 * Makes this run the owner: a free Lease is taken, one of a run that is closed or gone on the same Temporal server is
 * taken over. Throws OWNED_ELSEWHERE otherwise, unless the operator said --take-over.
 */
export async function acquire(scope: StepScope): Promise<void> {
  const { runs } = scope.deps;
  const lease = await scope.host.read(leaseRef(scope.run.host.namespace));
  const owner = lease && ownerOf(lease);
  const here = await runs.namespaceUuid();
  if (owner && !isMine(scope, owner) && !scope.run.takeOver) await assertGone(scope, owner, here);
  const metadata = {
    name: names.lease,
    namespace: scope.run.host.namespace,
    labels: { 'app.kubernetes.io/managed-by': 'fedctl', 'fedctl/federation': scope.run.uuid },
    annotations: {
      [annotation.temporalNamespace]: here,
      [annotation.workflow]: scope.run.workflowId,
      [annotation.firstRun]: scope.run.firstRunId,
    },
  };
  const spec = { holderIdentity: scope.run.startedBy, renewTime: microTime() };
  if (!lease) await scope.host.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
  // With the resourceVersion just read: two who take at once cannot both win.
  else
    await scope.host.mergePatch(leaseRef(scope.run.host.namespace), {
      metadata: { ...metadata, resourceVersion: lease.metadata.resourceVersion },
      spec,
    });
}

async function assertGone(scope: StepScope, owner: Owner, here: string): Promise<void> {
  const where = `${owner.holder} (workflow ${owner.workflowId}, last seen ${owner.renewTime})`;
  const data = { holder: owner.holder, federation: scope.run.federation };
  if (owner.temporalNamespace !== here) {
    throw failure('OWNED_ELSEWHERE', `held by ${where} on another Temporal server`, data);
  }
  if (await scope.deps.runs.isOpen(owner.workflowId, owner.firstRunId)) {
    throw failure('OWNED_ELSEWHERE', `held by ${where}, and that run is open`, data);
  }
}

/**
 * Whether this run was the last to hold a Lease that nobody holds now: its last step gave it back, and a worker that
 * died before Temporal heard of that has the step done again.
 */
const gaveBack = (scope: StepScope, lease: KubeObject | undefined): boolean =>
  lease !== undefined && !ownerOf(lease) && lease.metadata.annotations?.[annotation.firstRun] === scope.run.firstRunId;

/** Throws OWNER_CHANGED when another run holds the federation; renews the Lease now and then. */
export async function assertOwner(scope: StepScope): Promise<void> {
  const ref = leaseRef(scope.run.host.namespace);
  const lease = await scope.host.read(ref);
  const owner = lease && ownerOf(lease);
  if (gaveBack(scope, lease)) return;
  if (!owner || !isMine(scope, owner)) {
    const who = owner ? `${owner.holder} (workflow ${owner.workflowId})` : 'nobody';
    throw failure('OWNER_CHANGED', `federation ${scope.run.federation} is held by ${who} now`, {
      federation: scope.run.federation,
    });
  }
  if (Date.now() - Date.parse(owner.renewTime) > renewAfterMs)
    await scope.host.mergePatch(ref, { spec: { renewTime: microTime() } });
}

/**
 * Throws OWNER_CHANGED where another run holds the federation, or was the last to hold it. Passes where there is no
 * Lease: whoever takes the record away takes the Lease along, and has more to do after that.
 */
export async function assertNotTakenOver(scope: StepScope): Promise<void> {
  const lease = await scope.host.read(leaseRef(scope.run.host.namespace));
  const last = lease?.metadata.annotations?.[annotation.firstRun];
  if (!lease || !last || last === scope.run.firstRunId) return;
  const owner = ownerOf(lease);
  const who = owner ? `is held by ${owner.holder} (workflow ${owner.workflowId}) now` : 'was taken over by another run';
  throw failure('OWNER_CHANGED', `federation ${scope.run.federation} ${who}`, { federation: scope.run.federation });
}

/** Gives the Lease back, when it is this run's: the next operator needs no --take-over, whatever server is theirs. */
export async function release(scope: StepScope): Promise<void> {
  const ref = leaseRef(scope.run.host.namespace);
  const lease = await scope.host.read(ref);
  const owner = lease && ownerOf(lease);
  if (owner && isMine(scope, owner)) await scope.host.mergePatch(ref, { spec: { holderIdentity: '' } });
}
