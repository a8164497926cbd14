import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Kube } from '../../activities/clients/kube/port.ts';
import type { Deps } from '../../activities/core/deps.ts';
import { readRecord } from '../../activities/core/record.ts';
import { createActivities } from '../../activities/index.ts';
import { federationEffects } from '../../activities/distributions/federation/index.ts';
import { recordsOf } from '../../activities/distributions/table.ts';
import { previewUp } from '../../activities/preview/preview.ts';
import { readPodLogs } from '../../activities/status/pod-logs.ts';
import { readStanding } from '../../activities/status/standing.ts';
import type { HostRef } from '../../src/catalogue/call.ts';
import { labels } from '../../src/kubernetes/names.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { RunInput } from '../../src/run/input.ts';
import { getRunStateQuery } from '../../src/run/messages.ts';
import type { RunState } from '../../src/run/state.ts';
import type { ClusterSpec, Spec } from '../../src/spec/schema.ts';
import { aSpec } from '../helpers/common/spec.ts';
import { smallEffects } from '../helpers/distributions/small/effects.ts';
import { satellites, small, smallHostSteps, smallNames } from '../helpers/distributions/small/record.ts';
import { depsOf, playControllers, serveSatellites } from '../helpers/distributions/small/world.ts';
import { type KubeApiserver, startKubeApiserver } from '../helpers/kubernetes/kube-apiserver.ts';
import { type Registry, startRegistry } from '../helpers/images/registry.ts';
import { startTemporal, withWorkers } from '../helpers/temporal/temporal.ts';
import { queueOf, runInput, startRun } from './runs.ts';

const namespace = 'stars';
let env: TestWorkflowEnvironment;
let servers: KubeApiserver[];
let registry: Registry;
/** Its images, as the spec names them, and pinned. */
const images = { store: '', api: '' };
const pinned = { store: '', api: '' };
let deps: Deps;
let own: Parameters<typeof createActivities>[1];
let host: HostRef;
let stopControllers: () => Promise<void>;

const kube = (): Promise<Kube> => deps.kube.forContext(host);

beforeAll(async () => {
  [env, ...servers] = await Promise.all([startTemporal(), startKubeApiserver(), startKubeApiserver()]);
  registry = await startRegistry();
  for (const [key, tag] of [
    ['store', 'v1'],
    ['api', 'v2'],
  ] as const) {
    images[key] = `${registry.name}/small/${key}:${tag}`;
    pinned[key] = `${images[key]}@${await registry.put(`small/${key}`, tag)}`;
  }
  const [{ kubeconfig, context }] = servers as [KubeApiserver, KubeApiserver];
  host = { kubeconfig, context, namespace };
  own = [federationEffects, smallEffects(kubeconfig)];
  deps = { ...depsOf(), distributions: recordsOf(own) };
  // There is no controller manager that would take the namespace away: it stands before, and stays.
  await (await kube()).create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await serveSatellites(kube);
  stopControllers = playControllers({ kubeconfig, context }, kube, namespace);
}, 240_000);
afterAll(async () => {
  await stopControllers?.();
  await Promise.all([env?.teardown(), registry?.stop(), ...(servers ?? []).map((server) => server.stop())]);
});

/** The member of a server; its user is copied, since nobody there makes tokens for a ServiceAccount. */
const memberOf = (name: string, { kubeconfig, context }: KubeApiserver): ClusterSpec => ({
  ...aSpec({ clusters: [name] }).clusters[0]!,
  ...{ kubeconfig, context, credentials: 'copy' },
});

/** A spec of the small distribution: its own section, and none of the federation's. */
function aSmallSpec(clusters: ClusterSpec[]): Spec {
  const common: Partial<Spec> = aSpec();
  for (const section of Object.keys(deps.distributions!['federation']!.spec.sections))
    delete common[section as keyof Spec];
  const own = {
    images: small.spec.sections['images']!.parse(images),
    small: small.spec.sections['small']!.parse({ greeting: 'good evening' }),
  };
  return { ...common, distribution: 'small', ...own, host, clusters } as unknown as Spec;
}

/** Runs one operation to its end, on the real workflows. */
async function run(change: Partial<RunInput>): Promise<RunState> {
  const input = runInput({ federation: 'stars', host, ...change });
  return withWorkers(env, queueOf(input), createActivities(depsOf(), own), async () => {
    const handle = await startRun(env, input);
    await handle.result();
    return handle.query(getRunStateQuery);
  });
}
/** An operation that has its spec from the record. */
const runFromRecord = ({ spec: _spec, ...change }: Partial<RunInput>): Promise<RunState> =>
  run({ ...change, spec: undefined as never });

const unfinished = (state: RunState): string[] =>
  Object.values(state.steps).flatMap(({ id, status }) => (['done', 'kept', 'undone'].includes(status) ? [] : [id]));

const satellitesThere = async (): Promise<string[]> =>
  (await (await kube()).list({ apiVersion: small.member.apiVersion, kind: satellites.kind })).map(
    ({ metadata }) => metadata.name,
  );

async function ours(): Promise<string[]> {
  const client = await kube();
  const kinds = [
    ...['ConfigMap', 'Secret'].map((kind) => ({ apiVersion: 'v1', kind })),
    ...['Deployment', 'StatefulSet'].map((kind) => ({ apiVersion: 'apps/v1', kind })),
  ];
  const lists = await Promise.all(
    kinds.map((kind) => client.list({ ...kind, namespace, labelSelector: labels.federation })),
  );
  return lists.flat().map(({ kind, metadata }: KubeObject) => `${kind}/${metadata.name}`);
}

describe('a second distribution', () => {
  it('is previewed: its own steps say what would be made', async () => {
    const spec = aSmallSpec([memberOf('one', servers[1]!)]);
    const question = { federation: 'stars', spec, host, digest: 'd' };
    const preview = await previewUp(deps, question, (given) => createActivities(given, own));
    expect(preview.obstacles).toEqual([]);
    const made = preview.objects.map(({ kind, name, action }) => `${action} ${kind}/${name}`);
    expect(made).toEqual(
      expect.arrayContaining([
        `create Secret/${smallNames.ca}`,
        `create StatefulSet/${smallNames.store}`,
        `create Deployment/${smallNames.api}`,
        `create ConfigMap/${smallNames.settings}`,
        `create ${satellites.kind}/one`,
      ]),
    );
    expect(await ours()).toEqual([]);
  }, 60_000);

  it('turns up with a member, through the workflows and activities of all distributions', async () => {
    const state = await run({ spec: aSmallSpec([memberOf('one', servers[1]!)]) });
    expect(state.status).toBe('completed');
    expect(Object.keys(state.steps).sort()).toEqual(Object.keys(smallHostSteps).sort());
    expect(unfinished(state)).toEqual([]);
    expect(state.clusters['one']).toMatchObject({ status: 'ready' });
    const record = await readRecord(await kube(), namespace);
    expect(record).toMatchObject({ phase: 'up', spec: { distribution: 'small', small: { greeting: 'good evening' } } });
    expect(record?.images).toEqual(pinned);
    expect(state.facts['images/record']).toEqual({ ...pinned, version: 'v2' });
    const store = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: smallNames.store, namespace };
    expect(await (await kube()).read(store)).toMatchObject({
      spec: { template: { spec: { containers: [{ image: pinned.store }] } } },
    });
    const settings = { apiVersion: 'v1', kind: 'ConfigMap', name: smallNames.settings, namespace };
    expect(await (await kube()).read(settings)).toMatchObject({ data: { greeting: 'good evening' } });
    expect(await satellitesThere()).toEqual(['one']);
  }, 120_000);

  it('shows its own programs, certificates and members in status', async () => {
    const standing = await readStanding(deps, { host, partMs: 10_000 });
    expect(standing?.components.map(({ name, ready, hasAddress }) => [name, ready, hasAddress])).toEqual([
      [smallNames.store, true, undefined],
      [smallNames.api, true, true],
    ]);
    expect(standing?.members).toEqual([expect.objectContaining({ name: 'one', ready: true, context: 'admin' })]);
    expect(standing?.certificates.map(({ secret }) => secret)).toEqual([smallNames.ca, smallNames.admin]);
  }, 60_000);

  it('reads the logs of its own pods, and of no others', async () => {
    const client = await kube();
    const pod = (name: string, app: string) =>
      client.create<KubeObject>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels: { app, module: smallNames.api } },
        spec: { containers: [{ name: 'main', image: 'registry.example/small:v1' }] },
      });
    const pods = [await pod('ours', 'small'), await pod('others', 'federated-cluster')];
    try {
      const logs = await readPodLogs(client, namespace, small, { tail: 10 });
      expect(logs.map(({ pod: name, container }) => [name, container])).toEqual([['ours', 'main']]);
    } finally {
      for (const { metadata } of pods)
        await client.remove({ apiVersion: 'v1', kind: 'Pod', name: metadata.name, namespace }, { uid: metadata.uid! });
    }
  }, 60_000);

  it('lets a member join and another leave', async () => {
    const joined = await runFromRecord({ operation: 'join', join: [memberOf('two', servers[0]!)] });
    expect(joined.clusters['two']).toMatchObject({ status: 'ready' });
    expect((await satellitesThere()).sort()).toEqual(['one', 'two']);
    const left = await runFromRecord({ operation: 'unjoin', unjoin: ['one'] });
    expect(left.clusters['one']).toMatchObject({ status: 'unjoined' });
    expect(await satellitesThere()).toEqual(['two']);
  }, 180_000);

  it('goes down, and leaves nothing', async () => {
    const state = await runFromRecord({ operation: 'down', down: { volumes: 'delete' } });
    expect(state.status).toBe('completed');
    expect(unfinished(state)).toEqual([]);
    expect(Object.keys(state.steps)).not.toContain('down/federated-objects');
    expect(await satellitesThere()).toEqual([]);
    expect(await ours()).toEqual([]);
  }, 120_000);
});

describe('createActivities', () => {
  it('refuses a distribution whose activity has the name of another', () => {
    const twice = [...own!, { ...own![1]!, distribution: { ...small, id: 'other' } }];
    expect(() => createActivities(deps, twice)).toThrow('distribution other has an activity smallEnsureAuthority');
  });
});
