import { ApplicationFailure } from '@temporalio/common';
import type { StepResult } from '../../src/catalogue/call.ts';
import type { SweepCall } from '../../src/catalogue/call-of.ts';
import type { DownChoices } from '../../src/catalogue/side-inputs.ts';
import { names } from '../../src/kubernetes/names.ts';
import { hostPlace, memberPlace, nameOfPlace, type Place } from '../../src/kubernetes/place.ts';
import type { ClusterSpec } from '../../src/spec/schema.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { Deps } from '../core/deps.ts';
import { dnsProvider } from '../dns/provider.ts';
import { failure } from '../kit/fail.ts';
import { type Found, leftIn } from './leftovers.ts';
import { readRecord } from '../core/record.ts';
import { inStep, type StepScope } from '../core/step.ts';
import { waitUntil } from '../kit/wait.ts';

/** What was found, sorted: what must not be there, what may, and where nobody looked. */
interface Swept {
  left: string[];
  kept: string[];
  notes: string[];
}

const say = (place: Place, object: KubeObject): string => {
  const { name, namespace } = object.metadata;
  return `${nameOfPlace(place)}: ${object.kind} ${namespace ? `${namespace}/` : ''}${name}`;
};

/** What may stay: kept volumes, and the namespace that holds them. */
const mayStay = (choices: DownChoices, object: KubeObject): boolean =>
  choices.volumes === 'keep' && (object.kind === 'PersistentVolumeClaim' || object.kind === 'Namespace');

/** What a debt still needs; the last debt takes it along. */
const isOwed = ({ kind, metadata: { name } }: KubeObject, owed: readonly string[]): boolean =>
  owed.length > 0 && (kind === 'Namespace' || [names.record, ...owed.map(names.ledgerOf)].includes(name));

async function sweepDns(scope: StepScope, { spec, choices }: SweepCall['input']): Promise<string[]> {
  if (!spec.dns || choices.keepZone) return [];
  const provider = await dnsProvider(spec.dns, scope.deps.env);
  const zones = await provider.find(spec.dns.zone);
  return zones
    .filter((zone) => zone.federation === scope.run.uuid)
    .map((zone) => `${provider.label}: zone ${zone.name}`);
}

/**
 * Looks into a member; one that gives no answer is waited for. That it gives none is a line of its own, or only a note
 * where nothing was ever made in it.
 */
async function sweepMember(scope: StepScope, call: SweepCall, cluster: ClusterSpec): Promise<Found> {
  const neverUsed = call.input.facts?.ledgers?.includes(cluster.name) === false;
  const look = async (): Promise<{ value: Found }> => {
    const kube = await scope.deps.kube.forContext(cluster);
    return { value: await leftIn(scope, kube, memberPlace(cluster.name)) };
  };
  try {
    return await waitUntil(neverUsed ? { waitMs: 0 } : call, 'UNREACHABLE', look);
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type === 'BUG') throw error;
    return neverUsed
      ? { objects: [], notes: [`${cluster.name} was not checked: nothing was created in it`] }
      : { objects: [], notes: [], unknown: `${cluster.name}: whether anything is left is not known: ${error.message}` };
  }
}

/** Looks in every cluster and at the DNS provider for the federation's uuid. Throws LEFTOVERS with a list. */
async function sweep(scope: StepScope, call: SweepCall): Promise<StepResult> {
  const { choices, spec, orphans = [] } = call.input;
  const owed = Object.keys((await readRecord(scope.host, scope.run.host.namespace))?.debts ?? {});
  const answering = spec.clusters.filter(({ name }) => !owed.includes(name));
  const swept: Swept = { left: [...orphans], kept: [], notes: [] };
  const sort = (place: Place, { objects, notes, unknown }: Found): void => {
    for (const object of objects)
      (mayStay(choices, object) || isOwed(object, owed) ? swept.kept : swept.left).push(say(place, object));
    swept.notes.push(...notes);
    if (unknown) swept.left.push(unknown);
  };
  sort(hostPlace, await leftIn(scope, scope.host, hostPlace));
  // All at once: each may be waited for.
  const members = await Promise.all(answering.map((cluster) => sweepMember(scope, call, cluster)));
  members.forEach((found, at) => sort(memberPlace(answering[at]!.name), found));
  swept.left.push(...(await sweepDns(scope, call.input)));
  const { left, kept, notes } = swept;
  if (left.length > 0) throw failure('LEFTOVERS', `${left.length} left: ${left.slice(0, 20).join('; ')}`);
  const places = `${1 + answering.length} clusters${spec.dns ? ' and the DNS provider' : ''} looked at`;
  return {
    outcome: 'done',
    note: [
      places,
      ...notes,
      ...(owed.length > 0 ? [`debts open in ${owed.join(', ')}`] : []),
      ...(kept.length > 0 ? [`kept: ${kept.join('; ')}`] : []),
    ].join('; '),
    facts: {},
  };
}

/** The last step of a turn-down. */
export const sweepActivities = (deps: Deps) => ({
  sweep: (call: SweepCall) => inStep(deps, call, (scope) => sweep(scope, call)),
});
