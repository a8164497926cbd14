import { readFileSync } from 'node:fs';
import https from 'node:https';
import { activityEnvironment } from '../temporal/activity-environment.ts';
import type { Kube } from '../../../activities/clients/kube/port.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import type { Deps } from '../../../activities/core/deps.ts';
import { failure } from '../../../activities/kit/fail.ts';
import { entriesIn, type LedgerEntry } from '../../../activities/core/ledger.ts';
import type { CallOf } from '../../../src/catalogue/call-of.ts';
import type { RunContext, StepCall } from '../../../src/catalogue/call.ts';
import type { HostStepId } from '../../../src/catalogue/call-of.ts';
import type { Spec } from '../../../src/spec/schema.ts';
import { type FederationWorld, federationWorld, type TestServer } from './federation-world.ts';
import { aSpec } from '../common/spec.ts';

/** One federation on a real API server, from host/record on; its own namespace, uuid and Lease. */
export interface HostWorld extends FederationWorld {
  spec: Spec;
  /** The call of a step; the input gets the whole spec, of which a step reads its slice. */
  call<Id extends HostStepId>(step: Id, given?: HostCallGiven): CallOf<Id>;
  /** Reads an object of the namespace. */
  read(apiVersion: string, kind: string, name: string): Promise<KubeObject | undefined>;
  /** Writes the status of an object, as its controller would. */
  setStatus(object: KubeObject, status: object): Promise<void>;
  ledger(): Promise<LedgerEntry[]>;
}
export interface HostCallGiven {
  spec?: object;
  facts?: object;
  waitMs?: number;
  parked?: boolean;
  run?: Partial<RunContext>;
}

export async function hostWorld(server: TestServer): Promise<HostWorld> {
  const spec = aSpec();
  const named = (world: number) => ({ namespace: `host-${world}`, federation: 'myfederation' });
  const world = await federationWorld(server, named, spec);
  const { run, host, namespace } = world;
  const call = <Id extends HostStepId>(step: Id, given: HostCallGiven = {}): CallOf<Id> =>
    ({
      step,
      run: { ...run, ...given.run },
      parked: given.parked ?? false,
      waitMs: given.waitMs ?? 0,
      input: { spec: { ...spec, ...given.spec }, facts: given.facts ?? {}, record: { spec } },
    }) as unknown as CallOf<Id>;
  const read: HostWorld['read'] = (apiVersion, kind, name) => host.read({ apiVersion, kind, name, namespace });
  return {
    ...world,
    spec,
    call,
    read,
    setStatus: (object, status) => setStatus(server, object, status),
    ledger: async () => entriesIn(await read('v1', 'ConfigMap', 'fedctl-ledger')),
  };
}

/** The same world, whose worker dies right after its first write of an object (the ledger's writes go through). */
export function dyingAfterWrite(deps: Deps): Deps {
  const dies = (): never => {
    throw failure('SERVER_ERROR', 'the worker died');
  };
  const dying = (kube: Kube): Kube => ({
    ...kube,
    apply: async (...given) => (await kube.apply(...given), dies()),
    create: async (object) => {
      const made = await kube.create(object);
      return object.kind === 'ConfigMap' ? made : dies();
    },
  });
  return { ...deps, kube: { ...deps.kube, forContext: async (ref) => dying(await deps.kube.forContext(ref)) } };
}

/** A kubeconfig for user `weak`, who may do in the namespace what every step starts with, and nothing else. */
export async function weakHost(world: HostWorld, weak: TestServer): Promise<Partial<RunContext>> {
  const rbac = 'rbac.authorization.k8s.io';
  const metadata = { name: 'weak', namespace: world.namespace };
  const rules = [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['*'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['*'] },
  ];
  await world.host.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules });
  const roleRef = { apiGroup: rbac, kind: 'Role', name: 'weak' };
  const subjects = [{ apiGroup: rbac, kind: 'User', name: 'weak' }];
  await world.host.create({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects });
  return { host: { ...weak, namespace: world.namespace } };
}

/**
 * Runs an activity that waits; `onWhy` gets every reason it gives, and how many there were, and does what ends the wait
 * (`cancel` too). Tells all reasons given.
 */
export async function waiting<I, O>(
  activity: (call: StepCall<I>) => Promise<O>,
  call: StepCall<I>,
  onWhy: (why: string, cancel: () => void, count: number) => Promise<void> | void,
): Promise<{ result: O; whys: string[] }> {
  const environment = activityEnvironment({ scheduledTimestampMs: Date.now() });
  const whys: string[] = [];
  let acted = Promise.resolve();
  environment.on('heartbeat', (why: string) => {
    if (!why) return;
    const count = whys.push(why);
    acted = acted.then(() => onWhy(why, () => environment.cancel('CANCELLED'), count));
  });
  const result = (await environment.run(activity, call)) as O;
  await acted;
  return { result, whys };
}

/** Merge-patches the status subresource, which fedctl itself never writes. */
export async function setStatus(server: TestServer, object: KubeObject, status: object): Promise<void> {
  const { clusters } = JSON.parse(readFileSync(server.kubeconfig, 'utf8')) as {
    clusters: { cluster: { server: string } }[];
  };
  const prefix = object.apiVersion === 'v1' ? 'api/v1' : `apis/${object.apiVersion}`;
  const { name, namespace } = object.metadata;
  const within = namespace ? `namespaces/${namespace}/` : '';
  const url = `${clusters[0]!.cluster.server}/${prefix}/${within}${object.kind.toLowerCase()}s/${name}/status`;
  const headers = { authorization: 'Bearer admin-token', 'content-type': 'application/merge-patch+json' };
  await new Promise<void>((resolve, reject) => {
    const request = https.request(url, { method: 'PATCH', headers, rejectUnauthorized: false }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`status of ${name}: ${response.statusCode}`)),
      );
    });
    request.on('error', reject);
    request.end(JSON.stringify({ status }));
  });
}
