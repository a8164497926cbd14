import type { Distribution } from '../../src/distributions/distribution.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';

/** What one container of the control plane wrote. */
export interface ContainerLog {
  pod: string;
  container: string;
  /** Its last lines; where they cannot be had, why. */
  text: string;
}

/** Which logs are asked for. */
export interface LogQuestion {
  /** A step: only the component that it is about, where it is about one. Absent: every component. */
  step?: string | undefined;
  /** Lines from the end of each. */
  tail: number;
  /** Of the containers that ran before the current ones. */
  previous?: boolean;
}

interface PodSpec {
  containers?: { name: string }[];
}

/** Logs of the control plane's containers, pod by pod. Throws what listing pods throws; one log that fails says why. */
export async function readPodLogs(
  host: Kube,
  namespace: string,
  { names, components }: Pick<Distribution, 'names' | 'components'>,
  question: LogQuestion,
): Promise<ContainerLog[]> {
  const about = ({ explains }: { explains: readonly string[] }): boolean =>
    explains.some((start) => question.step?.startsWith(start));
  const module = components.find(about)?.name;
  const labelSelector = `app=${names.app}${module ? `,module=${module}` : ''}`;
  const pods = await host.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector });
  const containers = pods
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    .flatMap((pod) => containersOf(pod).map((container) => ({ pod: pod.metadata.name, container })));
  return Promise.all(containers.map(async (of) => ({ ...of, text: await logOf(host, namespace, of, question) })));
}

const containersOf = (pod: KubeObject): string[] =>
  ((pod['spec'] as PodSpec | undefined)?.containers ?? []).map(({ name }) => name);

async function logOf(
  host: Kube,
  namespace: string,
  { pod, container }: { pod: string; container: string },
  { tail, previous }: LogQuestion,
): Promise<string> {
  const query = new URLSearchParams({ container, tailLines: String(tail), ...(previous ? { previous: 'true' } : {}) });
  const { status, body } = await host.get(`/api/v1/namespaces/${namespace}/pods/${pod}/log?${query.toString()}`);
  return status === 200 ? body : `(no log: ${messageIn(body)})`;
}

function messageIn(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body.slice(0, 300);
  }
}
