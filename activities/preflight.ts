import type { CallOf, ResultOf } from '../src/plan/call-of.ts';
import type { Kube } from './clients/kube-port.ts';
import type { Deps } from './deps.ts';
import { failure } from './fail.ts';
import { reading, type StepScope } from './step.ts';

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
const needed: readonly { group: string; resource: string; verbs: readonly string[] }[] = [
  { group: '', resource: 'configmaps', verbs: writeVerbs },
  { group: '', resource: 'secrets', verbs: writeVerbs },
  { group: '', resource: 'services', verbs: writeVerbs },
  { group: '', resource: 'serviceaccounts', verbs: writeVerbs },
  { group: '', resource: 'persistentvolumeclaims', verbs: writeVerbs },
  { group: '', resource: 'pods', verbs: ['get', 'list'] },
  { group: '', resource: 'events', verbs: ['list'] },
  { group: 'apps', resource: 'deployments', verbs: writeVerbs },
  { group: 'rbac.authorization.k8s.io', resource: 'roles', verbs: writeVerbs },
  { group: 'rbac.authorization.k8s.io', resource: 'rolebindings', verbs: writeVerbs },
  { group: 'coordination.k8s.io', resource: 'leases', verbs: writeVerbs },
];

async function checkPermissions(scope: StepScope): Promise<ResultOf<'preflight/permissions'>> {
  const { namespace, context } = scope.run.host;
  const asked = [
    ...needed.flatMap(({ group, resource, verbs }) => verbs.map((verb) => ({ verb, group, resource, namespace }))),
    ...['get', 'create', 'delete'].map((verb) => ({ verb, group: '', resource: 'namespaces', namespace: undefined })),
  ];
  const answers = await Promise.all(asked.map(async (one) => ({ one, may: await may(scope, one) })));
  const missing = answers.filter(({ may: allowed }) => !allowed).map(({ one }) => `${one.verb} ${one.resource}`);
  if (missing.length > 0) {
    const message = `the user of context ${context} may not, in namespace ${namespace}: ${missing.join(', ')}`;
    throw failure('FORBIDDEN', message, { user: `the user of context ${context}` });
  }
  return { outcome: 'done', note: `${asked.length} rights in namespace ${namespace}`, facts: {} };
}

const may = (
  scope: StepScope,
  {
    verb,
    group,
    resource,
    namespace,
  }: { verb: string; group: string; resource: string; namespace: string | undefined },
): Promise<boolean> => scope.host.can({ verb, group, resource, ...(namespace ? { namespace } : {}) });

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
  return { outcome: 'done', note: [`${reached} of ${answers.length} answer`, ...notes].join('; '), facts: {} };
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
