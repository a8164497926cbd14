import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createResolver } from '../../../activities/clients/dns/resolver.ts';
import { kubeClients } from '../../../activities/clients/kube/kube.ts';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { Deps } from '../../../activities/core/deps.ts';
import { recordActivities } from '../../../activities/core/record.ts';
import type { RunContext, StepCall } from '../../../src/catalogue/call.ts';
import type { Spec } from '../../../src/spec/schema.ts';
import { activityEnvironment } from '../temporal/activity-environment.ts';

/** An API server as test/helpers/kubernetes/kube-apiserver.ts starts it. */
export interface TestServer {
  kubeconfig: string;
  context: string;
}

/** One federation on a real API server, from host/record on; its own namespace, uuid and Lease. */
export interface FederationWorld {
  deps: Deps;
  run: RunContext;
  host: Kube;
  namespace: string;
  /** Runs an activity in an environment of its own. Errors come out as they were thrown. */
  act<I, O>(activity: (call: StepCall<I>) => Promise<O>, call: StepCall<I>): Promise<O>;
}

let worlds = 0;

/** `named` names namespace and federation of the world of that number: no other world of this process has it. */
export async function federationWorld(
  { kubeconfig, context }: TestServer,
  named: (world: number) => { namespace: string; federation: string },
  spec: Spec,
): Promise<FederationWorld> {
  worlds += 1;
  const { namespace, federation } = named(worlds);
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
    host: { context, kubeconfig, namespace },
    digest: 'sha256:0',
  };
  const host = await deps.kube.forContext(run.host);
  await host.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const act: FederationWorld['act'] = (activity, call) =>
    activityEnvironment({ scheduledTimestampMs: Date.now() }).run(activity, call);
  const input = { spec, facts: {}, record: { spec } };
  await act(recordActivities(deps).ensureRecord, {
    step: 'host/record',
    run,
    parked: false,
    waitMs: 0,
    input,
  } as never);
  return { deps, run, host, namespace, act };
}
