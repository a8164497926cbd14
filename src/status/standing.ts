import type { KubeObject } from '../kubernetes/objects.ts';
import { workloadReadiness } from '../kubernetes/readiness.ts';

/**
 * A federation as its clusters show it at one moment: no run, no worker and no Temporal server is asked. What could
 * not be read is null, and the `why` beside it says so; nothing of it is an error. Times are ISO 8601.
 */
export interface Standing {
  federation: string;
  readAt: string;
  host: { context: string; namespace: string; server: string; version: string | null };
  /** Of the record: `turning-up`, `up`, `turning-down`, `debts`. */
  phase: string;
  /** The run that wrote the record last (its first run id), and when. */
  writtenBy: string;
  writtenAt: string;
  /** URL of its API as the federation's own kubeconfig has it; null: none is stored yet. */
  address: string | null;
  /** In the order in which people see them. */
  components: StandingComponent[];
  members: StandingMember[];
  /** Null: the federation has no DNS. */
  zone: StandingZone | null;
  certificates: StandingCertificate[];
}

/** A program of the control plane. */
export interface StandingComponent {
  name: string;
  /** `address` leads to it; no field of the document. */
  hasAddress?: true;
  /** Null: not known. */
  ready: boolean | null;
  why: string | null;
  images: StandingImage[];
}

export interface StandingImage {
  container: string;
  /** As the Deployment names it. */
  image: string;
  /** `sha256:...` of what runs, as the node says; null: nothing runs, or it does not say. */
  digest: string | null;
}

/** A member cluster: of the record, or registered by others. */
export interface StandingMember {
  name: string;
  /** Context by which fedctl knows it; null: others have registered it. */
  context: string | null;
  /** The address that the control plane reaches it by; null: not registered. */
  server: string | null;
  /** Reported Ready by the federation; null: not known. */
  ready: boolean | null;
  why: string | null;
  /** Whether its cluster DNS is configured for the federation; `skip`: the spec leaves it alone, or there is no DNS. */
  clusterDns: 'told' | 'untold' | 'skip' | 'unknown';
  clusterDnsWhy: string | null;
}

export interface StandingZone {
  name: string;
  provider: string;
  /** Null: not known. */
  stands: boolean | null;
  /** It carries the mark of this federation, so a turn-down removes it. */
  made: boolean;
  nameServers: string[];
  why: string | null;
}

export interface StandingCertificate {
  /** Secret of the host namespace that holds it. */
  secret: string;
  expires: string | null;
  why: string | null;
}

interface Container {
  name: string;
  image?: string;
}
interface PodStatus {
  containerStatuses?: { name: string; imageID?: string }[];
}

/** A workload and its pods as a component. The newest pod tells what runs. */
export function componentOf(
  name: string,
  workload: KubeObject | undefined,
  pods: readonly KubeObject[],
  kind: 'Deployment' | 'StatefulSet' = 'Deployment',
): StandingComponent {
  const why = workloadReadiness(workload, kind);
  const spec = workload?.['spec'] as { template?: { spec?: { containers?: Container[] } } } | undefined;
  const newest = pods.toSorted((a, b) => born(b).localeCompare(born(a)))[0];
  const running = (newest?.['status'] as PodStatus | undefined)?.containerStatuses ?? [];
  const images = (spec?.template?.spec?.containers ?? []).map(({ name: container, image = '' }) => ({
    container,
    image,
    digest: digestIn(running.find((status) => status.name === container)?.imageID),
  }));
  return { name, ready: why === '', why: why || null, images };
}

const born = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? '';

const digestIn = (imageId = ''): string | null => /sha256:[0-9a-f]{64}$/.exec(imageId)?.[0] ?? null;
