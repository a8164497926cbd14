import { labelsFor, names } from '../../src/kubernetes/names.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';
import { failure } from '../kit/fail.ts';
import type { StepScope } from './step.ts';

/** ms after which a writing step renews the Lease. */
const renewAfterMs = 30_000;
/** ms between two renewals of an open run; see holdFederation. */
export const renewEveryMs = 30_000;
/** s after its last renewal for which a Lease stands: time enough to start a worker again. */
const heldForS = 300;

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
  /** ISO 8601; from then on its run counts as gone. Null: only people can tell, for its run does not renew all the time. */
  heldUntil: string | null;
}

const leaseRef = (namespace: string): ObjectRef => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  name: names.lease,
  namespace,
});

type LeaseSpec = { holderIdentity?: string; renewTime?: string; leaseDurationSeconds?: number };
const specOf = (lease: KubeObject): LeaseSpec => (lease['spec'] as LeaseSpec | undefined) ?? {};

const heldUntil = ({ renewTime, leaseDurationSeconds: seconds }: LeaseSpec): string | null =>
  renewTime && seconds ? new Date(Date.parse(renewTime) + seconds * 1_000).toISOString() : null;

function ownerOf(lease: KubeObject): Owner | undefined {
  const notes = lease.metadata.annotations ?? {};
  const spec = specOf(lease);
  const { holderIdentity = '', renewTime = '' } = spec;
  if (!holderIdentity) return undefined;
  return {
    holder: holderIdentity,
    temporalNamespace: notes[annotation.temporalNamespace] ?? '',
    workflowId: notes[annotation.workflow] ?? '',
    firstRunId: notes[annotation.firstRun] ?? '',
    renewTime,
    heldUntil: heldUntil(spec),
  };
}

/** Whether an owner on another Temporal server has let its time pass. */
export const hasLapsed = ({ heldUntil }: Owner): boolean => heldUntil !== null && Date.now() > Date.parse(heldUntil);

/** Who holds the federation of a namespace; undefined when nobody does. */
export async function readOwner(host: Kube, namespace: string): Promise<Owner | undefined> {
  const lease = await host.read(leaseRef(namespace));
  return lease && ownerOf(lease);
}

/** Lease times have microseconds. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z');

const isMine = (scope: StepScope, owner: Owner): boolean => owner.firstRunId === scope.run.firstRunId;

/**
 * Makes this run the owner: a free Lease is taken, and one of a run that is closed or gone: as the same Temporal server
 * says, or, where another one would have to be asked, once the Lease was not renewed for its time.
 * Throws OWNED_ELSEWHERE otherwise, unless the operator said --take-over.
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
    labels: labelsFor(scope.run.uuid),
    annotations: {
      [annotation.temporalNamespace]: here,
      [annotation.workflow]: scope.run.workflowId,
      [annotation.firstRun]: scope.run.firstRunId,
    },
  };
  const held = scope.run.holds ? { leaseDurationSeconds: heldForS } : {};
  const spec = { holderIdentity: scope.run.startedBy, renewTime: microTime(), ...held };
  if (!lease) await scope.host.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
  // With the resourceVersion just read: two who take at once cannot both win.
  else
    await scope.host.mergePatch(leaseRef(scope.run.host.namespace), {
      metadata: { ...metadata, resourceVersion: lease.metadata.resourceVersion },
      spec: { leaseDurationSeconds: null, ...spec },
    });
}

async function assertGone(scope: StepScope, owner: Owner, here: string): Promise<void> {
  const where = `${owner.holder} (workflow ${owner.workflowId}, last seen ${owner.renewTime})`;
  const data = { holder: owner.holder, federation: scope.run.federation };
  if (owner.temporalNamespace !== here) {
    if (hasLapsed(owner)) return;
    const until = owner.heldUntil ? `, until ${owner.heldUntil} unless it is renewed` : '';
    throw failure('OWNED_ELSEWHERE', `owned by ${where} on another Temporal server${until}`, data);
  }
  if (await scope.deps.runs.isOpen(owner.workflowId, owner.firstRunId)) {
    throw failure('OWNED_ELSEWHERE', `owned by ${where}, and that run is open`, data);
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
    throw failure('OWNER_CHANGED', `federation ${scope.run.federation} is owned by ${who} now`, {
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
  const who = owner
    ? `is owned by ${owner.holder} (workflow ${owner.workflowId}) now`
    : 'was taken over by another run';
  throw failure('OWNER_CHANGED', `federation ${scope.run.federation} ${who}`, { federation: scope.run.federation });
}

/** Renews the Lease, when it is this run's; whose it is otherwise is for the steps to find out. */
export async function renew(scope: StepScope): Promise<void> {
  const ref = leaseRef(scope.run.host.namespace);
  const lease = await scope.host.read(ref);
  const owner = lease && ownerOf(lease);
  if (!owner || !isMine(scope, owner)) return;
  const metadata = { resourceVersion: lease.metadata.resourceVersion };
  await scope.host.mergePatch(ref, { metadata, spec: { renewTime: microTime() } });
}

/** Gives the Lease back, when it is this run's: the next operator needs no --take-over, whatever server is theirs. */
export async function release(scope: StepScope): Promise<void> {
  const ref = leaseRef(scope.run.host.namespace);
  const lease = await scope.host.read(ref);
  const owner = lease && ownerOf(lease);
  if (owner && isMine(scope, owner)) await scope.host.mergePatch(ref, { spec: { holderIdentity: '' } });
}
