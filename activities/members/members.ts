import { base64, secretText } from '../kit/secret-text.ts';
import {
  credentialsSecret,
  kubeconfigText,
  type MemberAccess,
  memberIdentity,
  memberKubeconfig,
  memberNamespace,
} from '../../src/control-plane/member-manifests.ts';
import type { CallOf, ResultOf } from '../../src/catalogue/call-of.ts';
import { names } from '../../src/kubernetes/names.ts';
import type { ClusterSpec } from '../../src/spec/schema.ts';
import { serverAddressOf } from '../../src/spec/server-address.ts';
import type { ContextFacts } from '../../src/kubernetes/context.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { Deps } from '../core/deps.ts';
import { failure } from '../kit/fail.ts';
import {
  ensureObject,
  ensureObjects,
  isOurs,
  outcomeOf,
  placeFor,
  readEntry,
  readOurs,
  refOf,
} from '../core/objects.ts';
import { readRecord } from '../core/record.ts';
import { memberOf, reading, type StepScope, writing } from '../core/step.ts';
import { waitUntil } from '../kit/wait.ts';

/** ms for the token controller of a member, which takes milliseconds when it runs. */
const tokenWaitMs = 20_000;

/** Throws CREDENTIALS_NOT_COPYABLE: a pod has neither the program nor the login of the operator's machine. */
function assertCopyable(cluster: ClusterSpec, facts: ContextFacts): NonNullable<ContextFacts['user']> {
  if (facts.userKind === 'static' && facts.user && Object.keys(facts.user).length > 0) return facts.user;
  const what =
    facts.userKind === 'static'
      ? 'has no credentials'
      : facts.userKind === 'none'
        ? 'is absent'
        : `is of kind ${facts.userKind}`;
  throw failure(
    'CREDENTIALS_NOT_COPYABLE',
    `the user of context ${cluster.context} ${what}, so it cannot be copied for ${cluster.name}`,
    {
      cluster: cluster.name,
      context: cluster.context,
    },
  );
}

/**
 * Waits until the member's API answers the context's user. What does not pass by itself (no such context, a user that
 * cannot be copied, 401, 403, TLS) is thrown at once; a refused or silent server is waited for, then MEMBER_UNREACHABLE.
 */
async function reachMember(
  scope: StepScope,
  call: CallOf<'clusters/{cluster}/reach'>,
): Promise<ResultOf<'clusters/{cluster}/reach'>> {
  const { cluster } = call.input;
  if (!scope.run.debt) await assertNoDebt(scope, cluster.name);
  const facts = await scope.deps.kube.contextFacts(memberOf(scope));
  if (cluster.credentials === 'copy' && !scope.run.debt) assertCopyable(cluster, facts);
  const member = await scope.member();
  const found = await waitUntil(call, 'MEMBER_UNREACHABLE', () => look(member), {
    data: { cluster: cluster.name, context: cluster.context, server: member.server },
  });
  return { outcome: 'done', facts: found };
}

/** Throws DEBT_OPEN: what an earlier federation left in the member goes first. */
async function assertNoDebt(scope: StepScope, cluster: string): Promise<void> {
  const record = await readRecord(scope.host, scope.run.host.namespace);
  const debt = record?.debts[cluster];
  if (debt)
    throw failure(
      'DEBT_OPEN',
      `${debt.objects} objects in ${cluster} are still to be cleaned up, since ${debt.since}`,
      {
        cluster,
        federation: scope.run.federation,
      },
    );
}

/** One look at a member: its version and identity, or why not yet. */
export async function look(
  member: Kube,
): Promise<{ value: { version: string; clusterUid: string } } | { why: string }> {
  // Read first: /version may be open to everybody, the UID of kube-system proves the credentials.
  const system = await member.read({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' });
  if (!system) return { why: `${member.server} answers, but has no namespace kube-system yet` };
  const { status, body } = await member.get('/version');
  if (status !== 200) return { why: `${member.server}/version answers ${status}` };
  const { gitVersion = '' } = JSON.parse(body) as { gitVersion?: string };
  return { value: { version: gitVersion, clusterUid: system.metadata.uid ?? '' } };
}

/** ServiceAccount, token and rights of the federation in the member; nothing with `credentials: copy`. */
async function ensureMemberIdentity(
  scope: StepScope,
  call: CallOf<'clusters/{cluster}/identity'>,
): Promise<ResultOf<'clusters/{cluster}/identity'>> {
  const { cluster } = call.input;
  if (cluster.credentials === 'copy') {
    return { outcome: 'kept', note: `the user of context ${cluster.context} is copied instead`, facts: {} };
  }
  const member = await scope.member();
  const { federation, host } = scope.run;
  const namespace = await wantedNamespace(scope, member);
  const identity = memberIdentity({ federation, cluster: cluster.name, namespace: host.namespace });
  const all = await ensureObjects(scope, 'member', namespace ? [namespace, ...identity] : identity);
  await waitForToken(scope, member, cluster.name);
  const note = namespace ? {} : { note: `namespace ${host.namespace} existed before and is not changed` };
  return { outcome: outcomeOf(all), ...note, facts: {} };
}

/**
 * The namespace, if this step made it or may make it. One that was there stays untouched: unjoin must not take it away.
 * Our label alone does not prove it ours: where the host is its own member, host/namespace made it.
 */
async function wantedNamespace(scope: StepScope, member: Kube): Promise<KubeObject | undefined> {
  const wanted = memberNamespace(scope.run.host.namespace);
  const found = await member.read(refOf(wanted));
  if (found?.metadata.deletionTimestamp) {
    throw failure('CONFLICT', `namespace ${found.metadata.name} of ${member.server} is being deleted`, {
      server: member.server,
    });
  }
  if (found) {
    const name = { kind: 'Namespace', namespace: '', name: found.metadata.name, place: placeFor(scope, 'member') };
    if (!isOurs(scope, found) || !(await readEntry(scope, name))) return undefined;
  }
  return wanted;
}

const tokenSecretRef = (scope: StepScope, cluster: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  name: names.memberIdentity(scope.run.federation, cluster),
  namespace: scope.run.host.namespace,
});

async function waitForToken(scope: StepScope, member: Kube, cluster: string): Promise<void> {
  const ref = tokenSecretRef(scope, cluster);
  const why = `Secret ${ref.namespace}/${ref.name} of ${member.server} has no token yet`;
  await waitUntil(
    { waitMs: tokenWaitMs },
    'MEMBER_TOKEN_MISSING',
    async () => {
      const token = secretText(await member.read(ref), 'token');
      return token ? { value: true } : { why };
    },
    { everyMs: 250, data: { cluster, server: member.server } },
  );
}

/** The kubeconfig of the member, in a Secret of the host. It never leaves this activity; the facts name the Secret and its version. */
async function ensureMemberCredentials(
  scope: StepScope,
  call: CallOf<'clusters/{cluster}/credentials'>,
): Promise<ResultOf<'clusters/{cluster}/credentials'>> {
  const { cluster } = call.input;
  const { namespace } = scope.run.host;
  const secretName = cluster.secretRef?.name ?? cluster.name;
  const wanted = memberKubeconfig(await accessTo(scope, cluster), base64);
  const stored = secretText(
    await readOurs(scope, 'host', { apiVersion: 'v1', kind: 'Secret', name: secretName, namespace }),
    'kubeconfig',
  );
  const secret = credentialsSecret(secretName, namespace, base64(kubeconfigText(wanted, stored)));
  const { outcome, object } = await ensureObject(scope, 'host', secret);
  return { outcome, facts: { secretName, secretVersion: object.metadata.resourceVersion ?? '' } };
}

/** SECRET. How the control plane will reach the member: as the copied user, or as the ServiceAccount. */
async function accessTo(scope: StepScope, cluster: ClusterSpec): Promise<MemberAccess> {
  const facts = await scope.deps.kube.contextFacts(memberOf(scope));
  const server = serverAddressOf(cluster, facts.server);
  const sameServer = server === facts.server;
  const address = {
    cluster: cluster.name,
    server,
    insecure: facts.insecureSkipTlsVerify,
    tlsServerName: sameServer ? facts.tlsServerName : undefined,
  };
  if (cluster.credentials === 'copy') return { ...address, ca: facts.caData, user: assertCopyable(cluster, facts) };
  const member = await scope.member();
  const secret = await readOurs(scope, 'member', tokenSecretRef(scope, cluster.name));
  const token = secretText(secret, 'token');
  if (!token)
    throw failure('MEMBER_TOKEN_MISSING', `the token Secret of ${cluster.name} is empty or gone`, {
      server: member.server,
    });
  // A context without a CA trusts the system's; for any other address the cluster's own CA is the best guess there is.
  const ca = facts.caData ?? (sameServer ? undefined : secretText(secret, 'ca.crt'));
  return { ...address, ca, user: { token } };
}

/** Steps that make the federation known to a member, and the member's credentials known to the host. */
export const memberActivities = (deps: Deps) => ({
  reachMember: reading<'clusters/{cluster}/reach'>(deps, reachMember),
  ensureMemberIdentity: writing<'clusters/{cluster}/identity'>(deps, ensureMemberIdentity),
  ensureMemberCredentials: writing<'clusters/{cluster}/credentials'>(deps, ensureMemberCredentials),
});
