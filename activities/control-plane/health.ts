import { codeOf } from '../../src/errors/step-error.ts';
import type { StepCall } from '../../src/catalogue/call.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { StepScope } from '../core/step.ts';
import { type ProbeResult, waitUntil } from '../kit/wait.ts';
import type { Workload } from './components.ts';
import { rolloutProbe } from './rollout.ts';

/** Answers in a row that count as healthy: behind a load balancer the first one may be luck. */
const healthyAnswers = 2;

/** '' when GET /healthz says "ok", else what it says. Throws UNREACHABLE, TLS_MISMATCH and the like. */
export async function healthzProblem(federation: Kube): Promise<string> {
  const { status, body } = await federation.get('/healthz');
  const says = body.trim();
  return status === 200 && says === 'ok' ? '' : `${federation.server}/healthz answers ${status}: ${says.slice(0, 200)}`;
}

/** Errors that a new address may show for a while: nobody, or another server, answers there. */
const notYetOurs: ReadonlySet<string> = new Set(['TLS_MISMATCH', 'UNREACHABLE', 'SERVER_ERROR']);

async function healthzProblemSoFar(federation: Kube): Promise<string> {
  try {
    return await healthzProblem(federation);
  } catch (error) {
    if (notYetOurs.has(codeOf(error) ?? '')) return (error as Error).message;
    throw error;
  }
}

/**
 * Waits until the workload is rolled out and /healthz answers through the address that clients use: kube-proxy and
 * load balancers are later than the pods (docs/control-plane.md). Throws the code of what is in the way when it timed out.
 */
export async function waitForApi(
  scope: StepScope,
  call: Pick<StepCall, 'waitMs'>,
  { workload, server }: { workload: Workload; server: string },
): Promise<void> {
  const rollout = rolloutProbe(scope, workload);
  let healthy = 0;
  const look = async (): Promise<ProbeResult<true>> => {
    const before = healthy;
    healthy = 0;
    const rolledOut = await rollout();
    if ('why' in rolledOut) return rolledOut;
    const why = await healthzProblemSoFar(await scope.federation());
    if (why) return { code: 'APISERVER_NOT_HEALTHY', why };
    healthy = before + 1;
    if (healthy >= healthyAnswers) return { value: true };
    return { code: 'APISERVER_NOT_HEALTHY', why: `${server}/healthz has answered ok only once so far` };
  };
  const data = { namespace: scope.run.host.namespace, deployment: workload.name, server };
  await waitUntil(call, 'ROLLOUT_NOT_READY', look, { data });
}
