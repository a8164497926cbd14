import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activityEnvironment } from '../temporal/activity-environment.ts';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { createResolver } from '../../../activities/clients/dns/resolver.ts';
import type { Deps } from '../../../activities/core/deps.ts';
import { entriesIn, type LedgerEntry } from '../../../activities/core/ledger.ts';
import { recordActivities } from '../../../activities/core/record.ts';
import type { CallOf } from '../../../src/catalogue/call-of.ts';
import type { RunContext, StepCall, StepResult } from '../../../src/catalogue/call.ts';
import type { MemberStepId } from '../../../src/catalogue/call-of.ts';
import { names } from '../../../src/kubernetes/names.ts';
import type { ClusterSpec } from '../../../src/spec/schema.ts';
import { aSpec } from '../common/spec.ts';

/** An API server as test/helpers/kubernetes/kube-apiserver.ts starts it. */
export interface TestServer {
  kubeconfig: string;
  context: string;
}

/** One federation with one member on real API servers; its own namespace, uuid and Lease. */
export interface MemberWorld {
  deps: Deps;
  run: RunContext;
  host: Kube;
  member: Kube;
  namespace: string;
  /** The call of a step, as the child workflow would make it. */
  call<Id extends MemberStepId>(step: Id, given?: CallGiven): CallOf<Id>;
  /** Runs an activity in an environment of its own. Errors come out as they were thrown. */
  act<I, O>(activity: (call: StepCall<I>) => Promise<O>, call: StepCall<I>): Promise<O>;
  ledger(): Promise<LedgerEntry[]>;
}
export interface CallGiven {
  cluster?: Partial<ClusterSpec>;
  facts?: object;
  spec?: object;
  waitMs?: number;
  parked?: boolean;
  run?: Partial<RunContext>;
}

let worlds = 0;

export async function memberWorld(
  hostServer: TestServer,
  memberServer: TestServer,
  name = 'member-1',
): Promise<MemberWorld> {
  worlds += 1;
  const namespace = `federation-${worlds}`;
  const federation = `fed-${worlds}`;
  const deps: Deps = {
    kube: kubeClients({ HOME: '/nowhere' }),
    resolver: createResolver({ servers: [] }),
    runs: { namespaceUuid: async () => 'temporal-1', isOpen: async () => true },
    log: { info: () => {}, warn: () => {} },
    env: {},
    stateFolder: mkdtempSync(join(tmpdir(), 'fedctl-state-')),
  };
  const run: RunContext = {
    federation,
    uuid: `uuid-${worlds}`,
    workflowId: `federation/${federation}`,
    firstRunId: `run-${worlds}`,
    startedBy: 'tester@host',
    host: { context: hostServer.context, kubeconfig: hostServer.kubeconfig, namespace },
    member: { name, context: memberServer.context, kubeconfig: memberServer.kubeconfig },
    digest: 'sha256:0',
  };
  const host = await deps.kube.forContext(run.host);
  await host.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const spec = aSpec({ clusters: [name], dns: true });
  const act: MemberWorld['act'] = (activity, call) =>
    activityEnvironment({ scheduledTimestampMs: Date.now() }).run(activity, call);
  const { member: _member, ...hostRun } = run;
  await act(recordActivities(deps).ensureRecord, {
    step: 'host/record',
    run: hostRun,
    parked: false,
    waitMs: 0,
    input: { spec, facts: {}, record: { spec } },
  } as never);

  const call = <Id extends MemberStepId>(step: Id, given: CallGiven = {}): CallOf<Id> => {
    const cluster: ClusterSpec = {
      ...spec.clusters[0]!,
      context: run.member!.context,
      kubeconfig: run.member!.kubeconfig,
      ...given.cluster,
    };
    const input = {
      spec: given.spec ?? { dns: { domain: spec.dns!.domain, zone: spec.dns!.zone, resolvers: spec.dns!.resolvers } },
      facts: given.facts ?? {},
      cluster,
    };
    return {
      step: step.replace('{cluster}', name),
      run: { ...run, ...given.run },
      parked: given.parked ?? false,
      waitMs: given.waitMs ?? 0,
      input,
    } as unknown as CallOf<Id>;
  };
  const ledgerRef = { apiVersion: 'v1', kind: 'ConfigMap', name: names.ledgerOf(name), namespace };
  return {
    deps,
    run,
    host,
    member: await deps.kube.forContext(run.member!),
    namespace,
    call,
    act,
    ledger: async () => entriesIn(await host.read(ledgerRef)),
  };
}

/** resourceVersions of objects, to show that a second run wrote nothing. */
export const versions = (objects: readonly (KubeObject | undefined)[]): (string | undefined)[] =>
  objects.map((object) => object?.metadata.resourceVersion);

/** A kubeconfig file with the given text; its context is called `only`. */
export function kubeconfigFile(text: string): TestServer {
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'fedctl-kubeconfig-')), 'config');
  writeFileSync(kubeconfig, text);
  return { kubeconfig, context: 'only' };
}

/** The code, message and retryability of a failure; throws when there was none. */
export async function failureOf(
  promise: Promise<StepResult<object>>,
): Promise<{ type: string; message: string; nonRetryable: boolean; data: unknown }> {
  try {
    await promise;
  } catch (error) {
    const { type, message, nonRetryable, details } = error as {
      type: string;
      message: string;
      nonRetryable: boolean;
      details?: unknown[];
    };
    return { type, message, nonRetryable, data: details?.[0] };
  }
  throw new Error('there was no failure');
}
