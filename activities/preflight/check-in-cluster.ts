import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostRef } from '../../src/catalogue/call.ts';
import { answersIn, inClusterJob, inClusterTargets, type InClusterAnswer } from '../../src/kubernetes/in-cluster.ts';
import { distributionOf } from '../../src/distributions/table.ts';
import { podTrouble } from '../../src/kubernetes/pods.ts';
import type { KubeEvent } from '../../src/kubernetes/events.ts';
import type { Spec } from '../../src/spec/schema.ts';
import { serverAddressOf } from '../../src/spec/server-address.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';
import type { Deps } from '../core/deps.ts';
import { dnsProvider, findZone } from '../dns/provider.ts';
import { failure } from '../kit/fail.ts';

/** What is checked from a pod, and where. */
export interface InClusterQuestion {
  federation: string;
  spec: Spec;
  host: HostRef;
}

/** ms the pod may take; the Job itself ends a little sooner. */
const withinMs = 75_000;
const everyMs = 500;

/**
 * Asks every member and every name server of the zone from a short-lived pod in the host cluster, where the control
 * plane stands. The Job is removed before it answers; killed, it leaves that to the host cluster. Throws
 * CHECK_POD_FAILED when the pod does not come to ask, and what the host's API answers.
 */
export async function checkInCluster(deps: Deps, question: InClusterQuestion): Promise<InClusterAnswer[]> {
  const { federation, spec, host } = question;
  const kube = await deps.kube.forContext(host);
  const targets = inClusterTargets(spec, {
    servers: await serversOf(deps, spec),
    nameServers: await nameServersOf(deps, spec),
  });
  if (targets.length === 0) return [];
  const namespace = (await kube.read({ apiVersion: 'v1', kind: 'Namespace', name: host.namespace }))
    ? host.namespace
    : 'default';
  const { names } = distributionOf(spec, deps.distributions);
  const secret = await kube.read({ apiVersion: 'v1', kind: 'Secret', name: names.pullSecret, namespace });
  const pullSecret = secret && names.pullSecret;
  const name = `fedctl-check-${randomBytes(4).toString('hex')}`;
  const job = await kube.create(inClusterJob(spec, { federation, namespace, name, pullSecret }, targets));
  const ref: ObjectRef = { apiVersion: 'batch/v1', kind: 'Job', name, namespace };
  try {
    return answersIn(await logOf(kube, job), targets);
  } finally {
    await kube.remove(ref, { uid: job.metadata.uid ?? '' });
  }
}

/** Where the control plane will reach each member, by its name; without those whose context is not there. */
export async function serversOf(deps: Deps, { clusters }: Spec): Promise<Record<string, string>> {
  const entries = await Promise.all(
    clusters.map(async (cluster): Promise<[string, string][]> => {
      // A context that is not there is told by the checks before this one.
      const facts = await deps.kube.contextFacts(cluster).catch(() => undefined);
      const server = serverAddressOf(cluster, facts?.server ?? '');
      return server === '' ? [] : [[cluster.name, server]];
    }),
  );
  return Object.fromEntries(entries.flat());
}

/** A zone that is still to be made has none. */
async function nameServersOf({ env }: Deps, { dns }: Spec): Promise<string[]> {
  if (!dns) return [];
  const zone = await findZone(await dnsProvider(dns, env), dns).catch(() => undefined);
  if (!zone) return [];
  return dns.resolvers.length > 0 ? dns.resolvers : zone.nameServers;
}

/** They only explain: without the right to read them nothing is lost. */
const eventsIn = async (kube: Kube, namespace: string): Promise<KubeEvent[]> =>
  (await kube.list({ apiVersion: 'v1', kind: 'Event', namespace }).catch(() => [])) as KubeEvent[];

const phaseOf = (pod: KubeObject | undefined): string =>
  (pod?.['status'] as { phase?: string } | undefined)?.phase ?? '';

async function logOf(kube: Kube, { metadata }: KubeObject): Promise<string> {
  const { name, namespace = '' } = metadata;
  let why = 'no pod was created for it';
  for (const end = Date.now() + withinMs; Date.now() < end; await delay(everyMs)) {
    const labelSelector = `batch.kubernetes.io/job-name=${name}`;
    const [pod] = await kube.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector });
    if (['Succeeded', 'Failed'].includes(phaseOf(pod)) && pod) {
      const { status, body } = await kube.get(`/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/log`);
      if (status === 200) return body;
      why = `its log cannot be read (${status})`;
    } else if (pod) {
      const trouble = podTrouble(pod, await eventsIn(kube, namespace));
      why = trouble?.why ?? `pod ${pod.metadata.name} is ${phaseOf(pod) || 'not started'}`;
      if (trouble?.code === 'IMAGE_CANNOT_BE_PULLED') break;
    }
  }
  throw failure('CHECK_POD_FAILED', `the check pod in the host cluster did not run: ${why}`, {
    namespace,
  });
}
