import type { StepCall, StepResult } from '../src/plan/call.ts';
import type { DownChoices } from '../src/plan/graph.ts';
import { labels, names } from '../src/plan/names.ts';
import type { Spec } from '../src/spec/schema.ts';
import type { Kube, KubeObject } from './clients/kube-port.ts';
import type { Deps } from './deps.ts';
import { dnsProvider } from './dns-provider.ts';
import { failure } from './fail.ts';
import { readRecord } from './record.ts';
import { asOwner, inStep, type StepScope } from './step.ts';

/** Kinds that fedctl makes in the host or in a member. */
const kinds: readonly [string, string][] = [
  ['v1', 'Namespace'],
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'ServiceAccount'],
  ['apps/v1', 'Deployment'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['coordination.k8s.io/v1', 'Lease'],
];

type SweepInput = { choices: DownChoices; spec: Spec };

async function leftIn(kube: Kube, uuid: string): Promise<KubeObject[]> {
  const labelSelector = `${labels.federation}=${uuid}`;
  const lists = await Promise.all(kinds.map(([apiVersion, kind]) => kube.list({ apiVersion, kind, labelSelector })));
  return lists.flat();
}

const say = (cluster: string, object: KubeObject): string => {
  const { name, namespace } = object.metadata;
  return `${cluster}: ${object.kind} ${namespace ? `${namespace}/` : ''}${name}`;
};

/** What may stay: kept volumes, and the namespace that holds them. */
const mayStay = (choices: DownChoices, object: KubeObject): boolean =>
  choices.volumes === 'keep' && (object.kind === 'PersistentVolumeClaim' || object.kind === 'Namespace');

/** What a debt still needs; the last debt takes it along. */
const isOwed = ({ kind, metadata: { name } }: KubeObject, owed: readonly string[]): boolean =>
  owed.length > 0 && (kind === 'Namespace' || [names.record, ...owed.map(names.ledgerOf)].includes(name));

async function sweepDns(scope: StepScope, { spec, choices }: SweepInput): Promise<string[]> {
  if (!spec.dns || choices.keepZone) return [];
  const provider = await dnsProvider(spec.dns, scope.deps.env);
  const zones = await provider.find(spec.dns.zone);
  return zones
    .filter((zone) => zone.federation === scope.run.uuid)
    .map((zone) => `${provider.label}: zone ${zone.name}`);
}

/** Looks in every cluster and at the DNS provider for the federation's uuid. Throws LEFTOVERS with a list. */
async function sweep(scope: StepScope, call: StepCall<SweepInput>): Promise<StepResult> {
  const { choices, spec } = call.input;
  const kept: string[] = [];
  const left: string[] = [];
  const owed = Object.keys((await readRecord(scope.host, scope.run.host.namespace))?.debts ?? {});
  const look = async (name: string, kube: Kube): Promise<void> => {
    for (const object of await leftIn(kube, scope.run.uuid))
      (mayStay(choices, object) || isOwed(object, owed) ? kept : left).push(say(name, object));
  };
  await look('host', scope.host);
  const answering = spec.clusters.filter(({ name }) => !owed.includes(name));
  for (const cluster of answering) await look(cluster.name, await scope.deps.kube.forContext(cluster));
  left.push(...(await sweepDns(scope, call.input)));
  if (left.length > 0) throw failure('LEFTOVERS', `${left.length} left: ${left.slice(0, 20).join('; ')}`);
  const places = `${1 + answering.length} clusters${spec.dns ? ' and the DNS provider' : ''} looked at`;
  return {
    outcome: 'done',
    note: [
      places,
      ...(owed.length > 0 ? [`debts open in ${owed.join(', ')}`] : []),
      ...(kept.length > 0 ? [`kept: ${kept.join('; ')}`] : []),
    ].join('; '),
    facts: {},
  };
}

/** Kinds that the federation API federates and people fill. */
const federated = ['Namespace', 'ConfigMap', 'Secret', 'Service'] as const;
const system = /^(default|kube-.*|federation.*)$/;

const isTheirs = (object: KubeObject): boolean =>
  object.kind === 'Namespace'
    ? !system.test(object.metadata.name)
    : !system.test(object.metadata.namespace ?? '') && object.metadata.name !== 'kube-root-ca.crt';

async function federatedObjects(kube: Kube): Promise<KubeObject[]> {
  const lists = await Promise.all(federated.map((kind) => kube.list({ apiVersion: 'v1', kind })));
  return lists.flat().filter(isTheirs);
}

/** Why a turn-down may go on though the federation API does not answer; '' when it may not. */
async function unheardOf(scope: StepScope, choices: DownChoices): Promise<string> {
  const { namespace } = scope.run.host;
  const deployment = await scope.host.read({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: names.apiserver,
    namespace,
  });
  if (!deployment) return 'the control plane never ran, or is gone already';
  return choices.federatedObjects === 'orphan' ? 'federation-apiserver does not answer; what it spread is left' : '';
}

/**
 * First step of a turn-down: objects in the federation API hang on deletion unless every member is Ready, so people
 * decide first. Throws FEDERATED_OBJECTS naming them; `orphan` leaves them in the members.
 */
async function removeFederatedObjects(scope: StepScope, call: StepCall<{ choices: DownChoices }>): Promise<StepResult> {
  let kube: Kube;
  try {
    kube = await scope.federation();
  } catch (error) {
    if ((error as { type?: string }).type !== 'NOT_FOUND') throw error;
    return { outcome: 'done', note: 'the control plane is gone already', facts: {} };
  }
  let found: KubeObject[];
  try {
    found = await federatedObjects(kube);
  } catch (error) {
    const note = await unheardOf(scope, call.input.choices);
    if (!note) throw error;
    return { outcome: 'done', note, facts: {} };
  }
  if (found.length === 0) return { outcome: 'done', note: 'none', facts: {} };
  const list = found
    .map((object) => `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`)
    .slice(0, 20)
    .join(', ');
  const decision = call.input.choices.federatedObjects;
  if (decision === 'orphan') return { outcome: 'done', note: `left in the members: ${list}`, facts: {} };
  if (decision !== 'delete')
    throw failure('FEDERATED_OBJECTS', `the federation holds ${found.length} objects: ${list}`);
  for (const { apiVersion, kind, metadata } of found) {
    await kube.remove(
      { apiVersion, kind, name: metadata.name, namespace: metadata.namespace },
      { uid: metadata.uid ?? '' },
    );
  }
  return { outcome: 'removed', note: list, facts: {} };
}

/** First and last step of a turn-down. */
export const sweepActivities = (deps: Deps) => ({
  sweep: (call: StepCall<SweepInput>) => inStep(deps, call, (scope) => sweep(scope, call)),
  removeFederatedObjects: (call: StepCall<{ choices: DownChoices }>) =>
    asOwner(deps, call, (scope) => removeFederatedObjects(scope, call)),
});
