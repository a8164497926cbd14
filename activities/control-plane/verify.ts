import type { CallOf, ResultOf } from '../../src/catalogue/call-of.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { workloadReadiness } from '../../src/kubernetes/readiness.ts';
import { readRecord } from '../core/record.ts';
import { reading, type StepScope } from '../core/step.ts';
import type { Deps } from '../core/deps.ts';
import { failure } from '../kit/fail.ts';
import { waitUntil } from '../kit/wait.ts';
import { type Workload, workloadsOf } from './components.ts';
import { healthzProblem } from './health.ts';
import { readWorkload } from './rollout.ts';

/** Proves by reading that the control plane stands. Throws CONTROL_PLANE_NOT_READY with all that is wrong. */
async function verifyControlPlane(scope: StepScope): Promise<ResultOf<'verify/control-plane'>> {
  const { namespace } = scope.run.host;
  const federation = await scope.federation();
  const [workloads, health, record] = await Promise.all([
    Promise.all(workloadsOf(scope.distribution).map((workload) => workloadProblem(scope, workload))),
    healthzProblem(federation),
    readRecord(scope.host, namespace),
  ]);
  const found = record ? `is of federation ${record.uuid}` : 'is gone';
  const problems = [
    ...workloads,
    health,
    record?.uuid === scope.run.uuid ? '' : `the record in namespace ${namespace} ${found}, not of ${scope.run.uuid}`,
  ].filter(Boolean);
  if (problems.length > 0) throw failure('CONTROL_PLANE_NOT_READY', problems.join('; '), { namespace });
  return { outcome: 'done', note: `${federation.server} answers`, facts: {} };
}

async function workloadProblem(scope: StepScope, workload: Workload): Promise<string> {
  const why = workloadReadiness(await readWorkload(scope, workload), workload.kind);
  return why && `${workload.name}: ${why}`;
}

/**
 * Waits until every cluster of the spec is reported Ready by the federation. Throws CLUSTERS_NOT_READY naming those
 * that are not, and why; one whose join was skipped or given up is among them.
 */
async function verifyClusters(scope: StepScope, call: CallOf<'verify/clusters'>): Promise<ResultOf<'verify/clusters'>> {
  const wanted = call.input.spec.clusters.map(({ name }) => name);
  const { apiVersion, kind, readiness } = scope.distribution.member;
  const federation = await scope.federation();
  const problemOf = (name: string, member: KubeObject | undefined): string[] => {
    const why = member ? readiness(member) : `not registered with the ${scope.distribution.words.noun}`;
    return why ? [`${name}: ${why}`] : [];
  };
  await waitUntil(call, 'CLUSTERS_NOT_READY', async () => {
    const all = await federation.list({ apiVersion, kind });
    const known = new Map(all.map((cluster) => [cluster.metadata.name, cluster]));
    const problems = wanted.flatMap((name) => problemOf(name, known.get(name)));
    if (problems.length === 0) return { value: true };
    // Every join has ended by now: what is not registered will not be, whatever the wait.
    const final = wanted.every((name) => !known.has(name) || !problemOf(name, known.get(name)).length);
    const why = `${problems.length} of ${wanted.length} clusters are not Ready: ${problems.join('; ')}`;
    return { why, final };
  });
  return { outcome: 'done', note: `${wanted.length} clusters are Ready`, facts: {} };
}

/** The proof after the work. */
export const verifyActivities = (deps: Deps) => ({
  verifyControlPlane: reading<'verify/control-plane'>(deps, verifyControlPlane),
  verifyClusters: reading<'verify/clusters'>(deps, verifyClusters),
});
