import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { entriesIn, type LedgerEntry } from '../../../activities/core/ledger.ts';
import type { CallOf } from '../../../src/catalogue/call-of.ts';
import type { RunContext, StepResult } from '../../../src/catalogue/call.ts';
import type { MemberStepId } from '../../../src/catalogue/call-of.ts';
import { names } from '../../../src/kubernetes/names.ts';
import type { ClusterSpec } from '../../../src/spec/schema.ts';
import { type FederationWorld, federationWorld, type TestServer } from './federation-world.ts';
import { aSpec } from '../common/spec.ts';

export type { TestServer };

/** One federation with one member on real API servers; its own namespace, uuid and Lease. */
export interface MemberWorld extends FederationWorld {
  member: Kube;
  /** The call of a step, as the child workflow would make it. */
  call<Id extends MemberStepId>(step: Id, given?: CallGiven): CallOf<Id>;
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

export async function memberWorld(
  hostServer: TestServer,
  memberServer: TestServer,
  name = 'member-1',
): Promise<MemberWorld> {
  const spec = aSpec({ clusters: [name], dns: true });
  const named = (world: number) => ({ namespace: `federation-${world}`, federation: `fed-${world}` });
  const { deps, run: hostRun, host, namespace, act } = await federationWorld(hostServer, named, spec);
  const member = { name, context: memberServer.context, kubeconfig: memberServer.kubeconfig };
  const run: RunContext = { ...hostRun, member };

  const call = <Id extends MemberStepId>(step: Id, given: CallGiven = {}): CallOf<Id> => {
    const cluster: ClusterSpec = {
      ...spec.clusters[0]!,
      context: member.context,
      kubeconfig: member.kubeconfig,
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
    member: await deps.kube.forContext(member),
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
