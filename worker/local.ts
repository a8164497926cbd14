import { failure } from '../activities/kit/fail.ts';
import { createActivities } from '../activities/index.ts';
import type { Deps } from '../activities/core/deps.ts';
import { allObjects } from '../activities/core/bookkeeping.ts';
import { requestTimeoutMs } from '../activities/kit/deadline.ts';
import { secretText } from '../activities/kit/secret-text.ts';
import { checkInCluster, type InClusterQuestion } from '../activities/preflight/check-in-cluster.ts';
import type { LedgerEntry } from '../activities/core/ledger.ts';
import { leftNamespace } from '../activities/core/namespace.ts';
import { type Owner, readOwner } from '../activities/core/owner.ts';
import { type ContainerLog, type LogQuestion, readPodLogs } from '../activities/status/pod-logs.ts';
import { type PreviewQuestion, previewUp } from '../activities/preview/preview.ts';
import { readRecord, type FederationRecord } from '../activities/core/record.ts';
import { readStanding } from '../activities/status/standing.ts';
import type { HostRef, StepCall, StepResult } from '../src/catalogue/call.ts';
import { contextsIn, kubeconfigFiles } from '../src/files/kubeconfig.ts';
import type { FrozenStep } from '../src/graph/frozen.ts';
import type { InClusterAnswer } from '../src/kubernetes/in-cluster.ts';
import type { Distribution } from '../src/distributions/distribution.ts';
import { distributionOf } from '../src/distributions/table.ts';
import { defaultDistribution } from '../src/distributions/unsaid.ts';
import { defaultNamespace } from '../src/kubernetes/names.ts';
import type { Standing } from '../src/status/standing.ts';
import type { Preview } from '../src/plan/preview.ts';
import { stateFolder } from '../src/temporal/folders.ts';
import type { Kube } from '../activities/clients/kube/port.ts';
import { createDeps } from './deps.ts';

/** What the CLI may do in clusters by itself: read (but for `inCluster`). Contexts are those of this machine's kubeconfig. */
export interface Local {
  /** The record of the federation in the host; undefined when there is none. `host` absent: the current context. */
  record(host?: HostRef): Promise<FederationRecord | undefined>;
  /** The federation of the host as its clusters show it; undefined when there is no record. */
  standing(host?: HostRef): Promise<Standing | undefined>;
  /** Who has the namespace: the record in it, and the owner of its federation. */
  lock(host: HostRef): Promise<{ record: FederationRecord | undefined; owner: Owner | undefined }>;
  /** Name of the federation whose turn-down ended between its record and its namespace; undefined: none did. */
  left(host: HostRef): Promise<string | undefined>;
  /** Text of the federation's kubeconfig, a secret; undefined when the host has none yet. */
  adminKubeconfig(host?: HostRef): Promise<string | undefined>;
  /** Every object of the federation. */
  objects(host?: HostRef): Promise<LedgerEntry[]>;
  /**
   * The current context of this machine's kubeconfig, or of another that is given, with a namespace that is given, or
   * the default one.
   */
  currentHost(given?: Partial<HostRef>): Promise<HostRef | undefined>;
  /** Runs one read-only step in this process; nobody retries it. Throws its failure. */
  read(step: FrozenStep, call: StepCall): Promise<StepResult>;
  /** What a turn-up would do; from reads and dry runs. */
  preview(question: PreviewQuestion): Promise<Preview>;
  /** Asks members and name servers from a pod in the host cluster: the one thing here that writes, a Job that goes again. */
  inCluster(question: InClusterQuestion): Promise<InClusterAnswer[]>;
  /** The last lines of the control plane's containers. */
  podLogs(host: HostRef, question: LogQuestion): Promise<ContainerLog[]>;
}

/**
 * The one door by which the CLI reaches clusters. `requestMs`: what one request may take. Every method throws
 * ApplicationFailure of the errors' table.
 */
export function openLocal(env: NodeJS.ProcessEnv, { requestMs = requestTimeoutMs } = {}): Local {
  const nobody = { namespaceUuid: () => Promise.resolve(''), isOpen: () => Promise.resolve(false) };
  const silent = { info: () => undefined, warn: () => undefined };
  const deps = createDeps({ env, stateFolder: stateFolder(env), requestMs }, { runs: nobody, log: silent });
  const activities: Record<string, (call: never) => Promise<unknown>> = createActivities(deps);
  const at = async (host: HostRef | undefined): Promise<HostRef> => {
    const found = host ?? (await currentHost(env));
    if (!found) throw failure('CONTEXT_NOT_FOUND', 'the kubeconfig of this machine has no current context');
    return found;
  };
  return {
    record: async (host) => {
      const ref = await at(host);
      return readRecord(await deps.kube.forContext(ref), ref.namespace);
    },
    standing: async (host) => readStanding(deps, { host: await at(host), partMs: requestMs }),
    lock: async (host) => {
      const kube = await deps.kube.forContext(host);
      const [record, owner] = await Promise.all([readRecord(kube, host.namespace), readOwner(kube, host.namespace)]);
      return { record, owner };
    },
    left: async (host) => (await leftNamespace(await deps.kube.forContext(host), host.namespace))?.federation,
    adminKubeconfig: async (host) => {
      const ref = await at(host);
      const kube = await deps.kube.forContext(ref);
      const { namespace } = ref;
      const { names } = await distributionAt(deps, kube, namespace);
      const secret = await kube.read({ apiVersion: 'v1', kind: 'Secret', name: names.adminKubeconfig, namespace });
      return secretText(secret, 'kubeconfig');
    },
    objects: async (host) => {
      const ref = await at(host);
      return allObjects(await deps.kube.forContext(ref), ref.namespace);
    },
    currentHost: (given) => currentHost(env, given),
    preview: (question) => previewUp(deps, question, createActivities),
    inCluster: (question) => checkInCluster(deps, question),
    podLogs: async (host, question) => {
      const kube = await deps.kube.forContext(host);
      const { namespace } = host;
      return readPodLogs(kube, namespace, await distributionAt(deps, kube, namespace), question);
    },
    read: (step, call) => {
      const activity = activities[step.activity];
      if (!activity) throw new Error(`no activity ${step.activity}`);
      return activity(call as never) as Promise<StepResult>;
    },
  };
}

/**
 * The distribution that the record of this namespace names. Where it cannot be read, or names one that this version does
 * not know, the default one: what is asked for may be readable all the same, and says itself why it is not.
 */
async function distributionAt(
  { distributions }: Pick<Deps, 'distributions'>,
  kube: Kube,
  namespace: string,
): Promise<Distribution> {
  try {
    const record = await readRecord(kube, namespace);
    return distributionOf((record?.spec ?? {}) as { distribution?: string }, distributions);
  } catch {
    return distributionOf(defaultDistribution, distributions);
  }
}

/** The first file of $KUBECONFIG that names a current context decides, as with kubectl. Throws CONTEXT_NOT_FOUND. */
async function currentHost(env: NodeJS.ProcessEnv, given: Partial<HostRef> = {}): Promise<HostRef | undefined> {
  for (const file of given.kubeconfig ? [given.kubeconfig] : kubeconfigFiles(env)) {
    const { current } = await contextsIn(file).catch((error: Error) => {
      throw failure('CONTEXT_NOT_FOUND', `${file} is not a kubeconfig: ${error.message.split('\n')[0]}`);
    });
    if (current !== undefined) return { namespace: defaultNamespace, ...given, context: current };
  }
  return undefined;
}
