import { ApplicationFailure } from '@temporalio/common';
import type { Facts, MemberRef, RunContext, StepResult } from '../../src/catalogue/call.ts';
import type { Distribution } from '../../src/distributions/distribution.ts';
import { distributionOf } from '../../src/distributions/table.ts';
import type { FrozenStep } from '../../src/graph/frozen.ts';
import { freezeUp } from '../../src/graph/freeze.ts';
import { dnsNamespace } from '../../src/cluster-dns/shapes.ts';
import { tagOf } from '../../src/images/reference.ts';
import { labels } from '../../src/kubernetes/names.ts';
import type { ObjectPreview, Preview, PreviewObstacle } from '../../src/plan/preview.ts';
import { surgeNote } from '../../src/cluster-dns/surge.ts';
import { expandTemplate, fillInput } from '../../src/graph/refs.ts';
import type { ClusterSpec, Spec } from '../../src/spec/schema.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { Deps } from '../core/deps.ts';
import { readClusterDns } from '../cluster-dns/member-dns.ts';
import { apiImageOf, pinnedImages } from '../images/target.ts';
import { type PretendedClusters, pretendClusters } from './clusters.ts';
import { previewRecord, previewZone } from './dns.ts';
import { previewLeaving } from './leaving.ts';
import { noAddress, toBeMade } from '../core/object-digest.ts';
import { refOf } from '../core/objects.ts';
import type { Writer } from '../core/preview-kube.ts';
import { type FederationRecord, readRecord } from '../core/record.ts';

/** What a preview is asked for. */
export interface PreviewQuestion {
  federation: string;
  spec: Spec;
  host: RunContext['host'];
  /** Digest of the spec. */
  digest: string;
  prune?: boolean;
  adopt?: boolean;
  takeOwnership?: boolean;
}

/** In place of the uuid of a federation still to be made: dry runs need a label that is one. */
const noUuid = '00000000-0000-0000-0000-000000000000';

/** Activities of the steps that a preview runs as they are, against clusters that only pretend. All others write or wait. */
const previewedOf = ({ hostSteps, memberSteps }: Distribution): ReadonlySet<string> =>
  new Set(
    Object.values({ ...hostSteps, ...memberSteps }).flatMap(({ previews, activity }) => (previews ? [activity] : [])),
  );

/** What a turn-up waits for when it has made something: no obstacle to a preview. */
const passing: ReadonlySet<string> = new Set(['CLAIM_NOT_BOUND', 'NO_ADDRESS']);

type AnyActivity = (call: never) => Promise<unknown>;

/** Makes the activities over clusters that only pretend: those that a worker registers. */
export type MakeActivities = (deps: Deps) => Record<string, AnyActivity>;

/** One preview being made. */
interface Making {
  deps: Deps;
  activities: Record<string, AnyActivity>;
  distribution: Distribution;
  previewed: ReadonlySet<string>;
  pretended: PretendedClusters;
  question: PreviewQuestion;
  run: RunContext;
  record: FederationRecord | undefined;
  /** The step that runs now. */
  writer: Writer;
  facts: Record<string, Facts>;
  dns: ObjectPreview[];
  obstacles: PreviewObstacle[];
}

/**
 * What a turn-up would do, from reads and dry runs only: the steps themselves run, and what they write is kept in this
 * process. A step that a turn-up would block at is an obstacle, and those after it are too. Throws what reaching the
 * host throws.
 */
export async function previewUp(
  deps: Deps,
  question: PreviewQuestion,
  makeActivities: MakeActivities,
): Promise<Preview> {
  const { federation, spec, host, digest } = question;
  const kube = await deps.kube.forContext(host);
  const record = await readRecord(kube, host.namespace);
  const run = await runOf(kube, question, record);
  const writer: Writer = { steps: [], sure: true };
  const pretended = pretendClusters(deps.kube, run, { members: spec.clusters, now: () => writer });
  const pretending = { ...deps, kube: pretended.clients };
  const { distributions } = deps;
  const distribution = distributionOf(spec, distributions);
  const previewed = previewedOf(distribution);
  const activities = makeActivities(pretending);
  const about = { deps: pretending, activities, distribution, previewed, pretended, question, run, record, writer };
  const making: Making = { ...about, facts: {}, dns: [], obstacles: [] };
  const graph = freezeUp(spec, { distributions });
  if (record && record.federation !== federation) {
    const message = `namespace ${host.namespace} holds federation ${record.federation} already`;
    return {
      federation,
      specDigest: digest,
      objects: [],
      obstacles: [{ step: 'host/record', code: 'RECORD_OTHER', message }],
    };
  }
  await runSteps(making, graph.steps);
  for (const cluster of graph.clusters?.members ?? [])
    await runSteps(making, expandTemplate(graph.clusters?.template ?? [], cluster), cluster);
  const leaving = await previewLeaving(deps, kube, { ...question, record });
  const objects = [...pretended.objects(), ...making.dns, ...leaving];
  return { federation, specDigest: digest, objects, obstacles: making.obstacles };
}

async function runOf(
  kube: Kube,
  { federation, spec, host, digest, adopt, takeOwnership }: PreviewQuestion,
  record: FederationRecord | undefined,
): Promise<RunContext> {
  const namespace = await kube.read({ apiVersion: 'v1', kind: 'Namespace', name: host.namespace });
  return {
    federation,
    uuid: namespace?.metadata.labels?.[labels.federation] ?? record?.uuid ?? noUuid,
    workflowId: 'plan',
    firstRunId: 'plan',
    startedBy: 'plan',
    host,
    digest,
    distribution: spec.distribution,
    ...(adopt ? { adopt } : {}),
    ...(takeOwnership ? { takeOwnership } : {}),
  };
}

/** Runs steps in an order that suits their needs. */
async function runSteps(making: Making, steps: readonly FrozenStep[], cluster?: ClusterSpec): Promise<void> {
  const done = new Set<string>();
  const visit = async (step: FrozenStep): Promise<void> => {
    if (done.has(step.id)) return;
    done.add(step.id);
    for (const need of steps.filter(({ id }) => step.needs.includes(id))) await visit(need);
    await runStep(making, step, cluster);
  };
  for (const step of steps) await visit(step);
}

async function runStep(making: Making, step: FrozenStep, cluster?: ClusterSpec): Promise<void> {
  const missing = Object.values(step.input.facts).find(({ from, optional }) => !optional && !making.facts[from]);
  if (missing && making.previewed.has(step.activity)) {
    making.obstacles.push({ step: step.id, code: null, message: `not known before ${missing.from} is done` });
    return;
  }
  making.writer.steps = step.activity === 'ensureClusterDns' ? [step.id, recycleOf(step)] : [step.id];
  making.writer.sure = !(buildOf(making.question.spec) && runsImage(step));
  try {
    const result = await answer(making, step, cluster);
    if (result) making.facts[step.id] = result.facts;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    const code = error.type ?? 'BUG';
    if (passing.has(code)) making.facts[step.id] = { address: noAddress, kind: 'ip', port: 443 };
    else making.obstacles.push({ step: step.id, code, message: error.message });
  }
}

async function answer(making: Making, step: FrozenStep, cluster?: ClusterSpec): Promise<StepResult | undefined> {
  const { deps, run, question } = making;
  const { dns } = question.spec;
  if (dns && step.activity === 'ensureZone') return keepDns(making, await previewZone(deps, run, dns));
  if (dns && step.activity === 'ensureApiserverRecord')
    return keepDns(making, await previewRecord(deps, run, dns, addressOf(making, step)));
  if (buildOf(question.spec) && step.activity === 'recordImages') return builtImages(making);
  const activity = making.activities[step.activity] as ((call: object) => Promise<StepResult>) | undefined;
  if (step.activity === 'recycleClusterDns') return recycled(making, step, cluster);
  if (!making.previewed.has(step.activity) || !activity) return undefined;
  const input = fillInput(step, making.facts);
  return activity({ step: step.id, run: withMember(run, cluster), parked: false, waitMs: 0, input });
}

/** A spec of another distribution may have no section `images`. */
const buildOf = ({ images }: Partial<Spec>): unknown => images?.build;

/** What is known of the address that a record is to have. */
const addressOf = ({ facts }: Making, { input }: FrozenStep): Facts | undefined =>
  facts[input.facts['address']?.from ?? ''];

/** Whether a step deploys an image, which is known for sure only when it is built. */
const runsImage = ({ input }: FrozenStep): boolean =>
  Object.values(input.facts).some(({ from }) => from === 'images/record');

/** The step that replaces the pods of cluster DNS may touch what the one before it told, and the pods. */
const recycleOf = ({ id }: FrozenStep): string => id.replace(/cluster-dns$/, 'recycle');

function keepDns(making: Making, { object, facts }: { object: ObjectPreview; facts: Facts }): StepResult {
  making.dns.push(object);
  return { outcome: 'done', facts };
}

/** What a build gives is known when it is done; until then the images that stand are the best guess. */
function builtImages({ distribution, question, record, facts }: Making): StepResult {
  const checked = facts['preflight/images'];
  const images = pinnedImages(distribution.images(question.spec), ({ key, builtAs }) =>
    String((builtAs === undefined ? checked?.[key] : record?.images[key]) ?? toBeMade),
  );
  return { outcome: 'done', facts: { ...images, version: tagOf(apiImageOf(distribution, images)) } };
}

/** The pods that a changed cluster DNS replaces, and their controller where it gets a pod more for that time. */
async function recycled(
  { deps, facts, writer }: Making,
  { id }: FrozenStep,
  cluster?: ClusterSpec,
): Promise<StepResult> {
  const telling = id.replace(/recycle$/, 'cluster-dns');
  const told = facts[telling]?.['pods'];
  const stale = new Set(Array.isArray(told) ? told : []);
  if (!cluster || stale.size === 0) return { outcome: 'done', facts: {} };
  const member = await deps.kube.forContext(cluster);
  const pods = await member.list({ apiVersion: 'v1', kind: 'Pod', namespace: dnsNamespace });
  for (const { apiVersion, kind, metadata } of pods.filter(({ metadata: { uid = '' } }) => stale.has(uid)))
    await member.remove(
      { apiVersion, kind, name: metadata.name, namespace: dnsNamespace },
      { uid: metadata.uid ?? '' },
    );
  const dns = await readClusterDns(member);
  // A Deployment whose own template changed replaces its pods by itself.
  const note = 'code' in dns || dns.shape === 'deployment/args' ? undefined : surgeNote(dns.controller);
  if (!('code' in dns) && note !== undefined) {
    // As for what the step before tells: it is the same object that may be written, however it stands by then.
    Object.assign(writer, { steps: [telling, id], note });
    await member.mergePatch(refOf(dns.controller.object), {});
    writer.note = undefined;
  }
  return { outcome: 'done', facts: {} };
}

function withMember(run: RunContext, cluster: ClusterSpec | undefined): RunContext {
  if (!cluster) return run;
  const { name, context, kubeconfig } = cluster;
  const member: MemberRef = { name, context, ...(kubeconfig ? { kubeconfig } : {}) };
  return { ...run, member };
}
