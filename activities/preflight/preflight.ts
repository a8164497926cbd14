import type { CallOf, ResultOf } from '../../src/catalogue/call-of.ts';
import type { Distribution } from '../../src/distributions/distribution.ts';
import { fieldManager, labels } from '../../src/kubernetes/names.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { Deps } from '../core/deps.ts';
import { failure } from '../kit/fail.ts';
import { reading, type StepScope } from '../core/step.ts';

/** Oldest host that fedctl is tried on: server-side apply and apps/v1 have long been there, token Secrets are explicit since. */
const oldestMinor = 24;

/** Version of a cluster and its identity: the UID of its kube-system namespace. */
export async function identityOf(kube: Kube): Promise<{ version: string; minor: number; clusterUid: string }> {
  const answer = await kube.get('/version');
  if (answer.status !== 200)
    throw failure('INVALID', `${kube.server} answered ${answer.status} to /version`, { server: kube.server });
  const { gitVersion = '', minor = '' } = JSON.parse(answer.body) as { gitVersion?: string; minor?: string };
  const system = await kube.read({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' });
  return { version: gitVersion, minor: Number.parseInt(minor, 10), clusterUid: system?.metadata.uid ?? '' };
}

async function checkHost(scope: StepScope): Promise<ResultOf<'preflight/host'>> {
  const { version, minor, clusterUid } = await identityOf(scope.host);
  if (minor < oldestMinor) {
    throw failure(
      'HOST_TOO_OLD',
      `host ${scope.run.host.context} runs Kubernetes ${version}; fedctl needs 1.${oldestMinor} or newer`,
      { version },
    );
  }
  return { outcome: 'done', note: `Kubernetes ${version}`, facts: { version, clusterUid } };
}

const writeVerbs = ['get', 'list', 'create', 'patch', 'delete'] as const;
interface Rights {
  group: string;
  resource: string;
  verbs: readonly string[];
}
const rbac = 'rbac.authorization.k8s.io';

/** Rights on what the programs of the control plane run as. */
const onWorkloads = ({ components }: Distribution, verbs: readonly string[]): Rights[] =>
  [...new Set(components.map(({ kind }) => kind))].map((kind) => ({
    group: 'apps',
    resource: `${kind.toLowerCase()}s`,
    verbs,
  }));

/** Rights in the namespace of the control plane. */
const neededFor = (distribution: Distribution): Rights[] => [
  { group: '', resource: 'configmaps', verbs: writeVerbs },
  // Kubernetes grants nobody more than they have: the Role of the controller manager holds watch.
  { group: '', resource: 'secrets', verbs: [...writeVerbs, 'watch'] },
  { group: '', resource: 'services', verbs: writeVerbs },
  { group: '', resource: 'serviceaccounts', verbs: writeVerbs },
  { group: '', resource: 'persistentvolumeclaims', verbs: writeVerbs },
  { group: '', resource: 'pods', verbs: ['get', 'list'] },
  { group: '', resource: 'events', verbs: ['list'] },
  ...onWorkloads(distribution, writeVerbs),
  { group: rbac, resource: 'roles', verbs: writeVerbs },
  { group: rbac, resource: 'rolebindings', verbs: writeVerbs },
  { group: 'coordination.k8s.io', resource: 'leases', verbs: writeVerbs },
];
/** Rights in no namespace. */
const neededEverywhere: readonly Rights[] = [
  { group: '', resource: 'namespaces', verbs: ['get'] },
  // Of the class that the claim names: whether it waits for a pod.
  { group: 'storage.k8s.io', resource: 'storageclasses', verbs: ['get'] },
];
/** Patch is what server-side apply asks for. A namespace that somebody else made is used as it is. */
const neededToMakeNamespace: Rights = { group: '', resource: 'namespaces', verbs: ['create', 'patch', 'delete'] };
/** The address of a NodePort is that of a node. */
const neededForNodePort: Rights = { group: '', resource: 'nodes', verbs: ['list'] };

/** What the sweep after a turn-down would list everywhere; without that it looks at the federation's own names. */
const forTheSweep = (distribution: Distribution): Rights[] => [
  { group: '', resource: 'namespaces', verbs: ['list'] },
  { group: '', resource: 'secrets', verbs: ['list'] },
  ...onWorkloads(distribution, ['list']),
  { group: rbac, resource: 'clusterroles', verbs: ['list'] },
  { group: rbac, resource: 'clusterrolebindings', verbs: ['list'] },
];

/** Of these rights, those that the user does not have, as `verb resource`; `total`: how many were asked for. */
async function missing(
  scope: StepScope,
  rights: readonly Rights[],
  namespace?: string,
): Promise<{ total: number; lacking: string[] }> {
  const asked = rights.flatMap(({ group, resource, verbs }) => verbs.map((verb) => ({ verb, group, resource })));
  const may = await Promise.all(asked.map((one) => scope.host.can({ ...one, ...(namespace ? { namespace } : {}) })));
  return {
    total: asked.length,
    lacking: asked.filter((_one, at) => !may[at]).map(({ verb, resource }) => `${verb} ${resource}`),
  };
}

/** Whether the namespace is there and somebody else's; who may not even read it must make it. */
async function standsAlready(scope: StepScope): Promise<boolean> {
  const { namespace: name } = scope.run.host;
  if (!(await scope.host.can({ verb: 'get', resource: 'namespaces', name }))) return false;
  const found = await scope.host.read({ apiVersion: 'v1', kind: 'Namespace', name });
  return found !== undefined && found.metadata.labels?.[labels.managedBy] !== fieldManager;
}

async function checkPermissions(
  scope: StepScope,
  call: CallOf<'preflight/permissions'>,
): Promise<ResultOf<'preflight/permissions'>> {
  const { namespace, context } = scope.run.host;
  // Runs that were planned before this was read have no such field in their input.
  const { apiserver } = call.input.spec as Partial<typeof call.input.spec>;
  const nodePort = apiserver?.serviceType === 'NodePort' && !apiserver.advertiseAddress;
  const makes = !(await standsAlready(scope));
  const [inside, outside, sweeping] = await Promise.all([
    missing(scope, neededFor(scope.distribution), namespace),
    missing(scope, [
      ...neededEverywhere,
      ...(makes ? [neededToMakeNamespace] : []),
      ...(nodePort ? [neededForNodePort] : []),
    ]),
    missing(scope, forTheSweep(scope.distribution)),
  ]);
  const lacking = [
    ...(inside.lacking.length > 0 ? [`in namespace ${namespace}: ${inside.lacking.join(', ')}`] : []),
    ...(outside.lacking.length > 0 ? [`in the cluster: ${outside.lacking.join(', ')}`] : []),
  ];
  if (lacking.length > 0) {
    const message = `the user of context ${context} may not, ${lacking.join('; ')}`;
    throw failure('FORBIDDEN', message, { user: `the user of context ${context}` });
  }
  const narrow =
    sweeping.lacking.length > 0
      ? `; not everywhere: ${sweeping.lacking.join(', ')}, so a turn-down can only look for leftovers by name`
      : '';
  return { outcome: 'done', note: `${inside.total + outside.total} rights${narrow}`, facts: {} };
}

async function checkStorage(
  scope: StepScope,
  call: CallOf<'preflight/storage'>,
): Promise<ResultOf<'preflight/storage'>> {
  const wanted = call.input.spec.etcd.storageClassName;
  const classes = await scope.host.list({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' });
  const isDefault = (one: (typeof classes)[number]): boolean =>
    one.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
  const found = wanted ? classes.find((one) => one.metadata.name === wanted) : classes.find(isDefault);
  if (!found) {
    const known = classes.map((one) => one.metadata.name).join(', ') || 'none';
    const what = wanted
      ? `no storage class ${wanted}`
      : 'no default storage class, and spec.etcd.storageClassName is not set';
    throw failure('STORAGE_CLASS_MISSING', `${what}; classes of the host: ${known}`);
  }
  return { outcome: 'done', note: `class ${found.metadata.name} (${String(found['provisioner'] ?? '')})`, facts: {} };
}

/** A member that is down only delays itself (its own step parks); the same cluster twice is a mistake in the spec. */
async function checkMembers(
  scope: StepScope,
  call: CallOf<'preflight/members'>,
): Promise<ResultOf<'preflight/members'>> {
  const seen = new Map<string, string>();
  const notes: string[] = [];
  const answers = await Promise.all(
    call.input.spec.clusters.map(async (cluster) => {
      try {
        return { cluster, uid: (await identityOf(await scope.deps.kube.forContext(cluster))).clusterUid };
      } catch (error) {
        return { cluster, why: (error as Error).message };
      }
    }),
  );
  for (const answer of answers) {
    if ('why' in answer) notes.push(`${answer.cluster.name} does not answer yet: ${answer.why}`);
    else checkTwice(seen, answer.uid, answer.cluster.name);
  }
  const reached = answers.length - notes.length;
  return {
    outcome: 'done',
    note: [`${reached} of ${answers.length} answer`, ...notes].join('; '),
    ...(notes.length > 0 ? { warnings: notes } : {}),
    facts: {},
  };
}

function checkTwice(seen: Map<string, string>, uid: string, name: string): void {
  const other = seen.get(uid);
  if (other !== undefined) {
    throw failure('MEMBER_TWICE', `members ${other} and ${name} are the same cluster (kube-system UID ${uid})`, {
      member: name,
    });
  }
  seen.set(uid, name);
}

/** Phase preflight: reads only. */
export const preflightActivities = (deps: Deps) => ({
  checkHost: reading<'preflight/host'>(deps, checkHost),
  checkPermissions: reading<'preflight/permissions'>(deps, checkPermissions),
  checkStorage: reading<'preflight/storage'>(deps, checkStorage),
  checkMembers: reading<'preflight/members'>(deps, checkMembers),
});
