import { ApplicationFailure } from '@temporalio/common';
import type { StepCall, StepResult } from '../../src/catalogue/call.ts';
import type { Taken } from '../../src/catalogue/side-inputs.ts';
import { names } from '../../src/kubernetes/names.ts';
import { isSamePlace } from '../../src/kubernetes/place.ts';
import type { Deps } from '../core/deps.ts';
import { type LedgerEntry, ledgerEntries } from '../core/ledger.ts';
import { look } from './members.ts';
import { removeNamespace } from '../core/namespace.ts';
import { isOurs, placeFor, removeAndWait } from '../core/objects.ts';
import { patchDebt, readRecord, removeRecord } from '../core/record.ts';
import { asOwner, inStep, memberOf, type StepScope } from '../core/step.ts';
import { waitUntil } from '../kit/wait.ts';

/** Facts about a member that leaves. */
type Looked = StepResult<{ reached: boolean }>;

/** What is in the member itself; its Secret and its Cluster are not. */
const inMember = (scope: StepScope, entries: readonly LedgerEntry[]): LedgerEntry[] =>
  entries.filter(({ place }) => isSamePlace(place, placeFor(scope, 'member')));

/**
 * Whether a member that leaves can be cleaned up now. That it cannot is an answer: the rest of the turn-down does not
 * wait for it. A member in which nothing is owed is not asked.
 */
async function lookAtLeaving(scope: StepScope, call: StepCall): Promise<Looked> {
  if (inMember(scope, await ledgerEntries(scope)).length === 0)
    return { outcome: 'kept', note: 'nothing of the federation is in it', facts: { reached: true } };
  try {
    const member = await scope.member();
    await waitUntil(call, 'MEMBER_UNREACHABLE', () => look(member));
    return { outcome: 'done', facts: { reached: true } };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type === 'BUG') throw error;
    const note = `it cannot be cleaned up now; recorded as a debt: ${error.message}`;
    return { outcome: 'done', note, facts: { reached: false } };
  }
}

/** Most lines of a debt that go into history; the ledger has them all. */
const linesShown = 50;

/** Notes in the record what is owed, before anything else goes that knows of it. */
async function openDebt(scope: StepScope): Promise<StepResult> {
  const { name, context, kubeconfig } = memberOf(scope);
  const owed = inMember(scope, await ledgerEntries(scope));
  const known = (await readRecord(scope.host, scope.run.host.namespace))?.debts[name];
  const since = known?.since ?? new Date().toISOString();
  await patchDebt(scope, name, { since, context, ...(kubeconfig ? { kubeconfig } : {}), objects: owed.length });
  const entries = owed
    .slice(0, linesShown)
    .map((entry) => `${entry.kind} ${entry.namespace ? `${entry.namespace}/` : ''}${entry.name} ${entry.uid}`.trim());
  return { outcome: known ? 'kept' : 'created', note: `${owed.length} objects in ${name}`, facts: { since, entries } };
}

type Settle = StepCall<Taken<'choices'>>;

/** Takes a debt out of the record, with its ledger; the last one of a turn-down takes record and namespace along. */
async function settleDebt(scope: StepScope, call: Settle): Promise<StepResult> {
  const { name } = memberOf(scope);
  const { namespace } = scope.run.host;
  const record = await readRecord(scope.host, namespace);
  if (!record || record.uuid !== scope.run.uuid)
    return { outcome: 'kept', note: 'the record is gone already', facts: {} };
  // The ledger first, and never twice: as soon as no debt stands in the record the member may join, and has entries anew.
  if (record.debts[name]) {
    await removeLedger(scope, call);
    await patchDebt(scope, name, null);
  }
  const after = await readRecord(scope.host, namespace);
  const last = after?.phase === 'debts' && Object.keys(after.debts).length === 0;
  return last ? removeTheRest(scope, call) : { outcome: 'removed', facts: {} };
}

async function removeLedger(scope: StepScope, call: StepCall): Promise<void> {
  const ref = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: names.ledgerOf(memberOf(scope).name),
    namespace: scope.run.host.namespace,
  };
  const ledger = await scope.host.read(ref);
  if (ledger && isOurs(scope, ledger)) await removeAndWait(scope.host, call, ref, ledger.metadata.uid ?? '');
}

/** What stayed for the debts' sake. */
async function removeTheRest(scope: StepScope, call: Settle): Promise<StepResult> {
  await removeRecord(scope, call);
  const input = { undo: { deleteNamespace: call.input.choices.deleteNamespace === true } };
  const { note } = await removeNamespace(scope, { ...call, input });
  return { outcome: 'removed', note: note ?? 'it was the last one: record and namespace are gone', facts: {} };
}

/** Members that cannot be reached while they leave; see docs/glossary.md, debt. */
export const debtActivities = (deps: Deps) => ({
  lookAtLeaving: (call: StepCall) => inStep(deps, call, (scope) => lookAtLeaving(scope, call)),
  openDebt: (call: StepCall) => asOwner(deps, call, (scope) => openDebt(scope)),
  settleDebt: (call: Settle) => inStep(deps, call, (scope) => settleDebt(scope, call)),
});
