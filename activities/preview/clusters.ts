import { codeOf } from '../../src/errors/step-error.ts';
import type { ClusterRef, HostRef, RunContext } from '../../src/catalogue/call.ts';
import { names } from '../../src/kubernetes/names.ts';
import { federationPlace, hostPlace, memberPlace } from '../../src/kubernetes/place.ts';
import type { ObjectPreview } from '../../src/plan/preview.ts';
import type { KubeClients } from '../clients/kube/port.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { firstRunAnnotation } from '../core/owner.ts';
import { pretend, type PretendedKube, type Writer } from '../core/preview-kube.ts';

/** The clusters of one preview: the same pretended one for every step that reaches it. */
export interface PretendedClusters {
  clients: KubeClients;
  /** What all of them would come to: the host first, the federation API last. */
  objects(): ObjectPreview[];
}

/** The Lease of a run that writes nothing: steps that write ask whether they still may. */
const ownLease = (run: RunContext): KubeObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: {
    name: names.lease,
    namespace: run.host.namespace,
    annotations: { [firstRunAnnotation]: run.firstRunId },
  },
  spec: { holderIdentity: run.startedBy, renewTime: new Date().toISOString() },
});

/** `members`: names by their contexts, for the preview. `now`: on whose behalf is written at the moment. */
export function pretendClusters(
  real: KubeClients,
  run: RunContext,
  { members, now }: { members: readonly (ClusterRef & { name: string })[]; now: () => Writer },
): PretendedClusters {
  const by = { now, uuid: run.uuid };
  const known = new Map<string, Promise<PretendedKube>>();
  const once = (key: string, make: () => Promise<PretendedKube>): Promise<PretendedKube> => {
    const found = known.get(key) ?? make();
    known.set(key, found);
    return found;
  };
  const keyOf = ({ context, kubeconfig = '' }: ClusterRef): string => `${kubeconfig} ${context}`;
  const host = (): Promise<PretendedKube> =>
    once('host', async () =>
      pretend(await real.forContext(run.host), { ...by, place: hostPlace, dryRun: true, seed: [ownLease(run)] }),
    );
  const member = (ref: ClusterRef): Promise<PretendedKube> => {
    const name = members.find((one) => keyOf(one) === keyOf(ref))?.name ?? ref.context;
    return once(`member ${keyOf(ref)}`, async () =>
      pretend(await real.forContext(ref), { ...by, place: memberPlace(name), dryRun: true }),
    );
  };
  // Never a dry run: the API of a control plane may take the request, and write.
  const federation = (ref: HostRef, secret: string): Promise<PretendedKube> =>
    once('federation', async () =>
      pretend(await standingFederation(real, ref, secret), { ...by, place: federationPlace, dryRun: false }),
    );
  const clients: KubeClients = {
    forContext: (ref) => ('namespace' in ref ? host() : member(ref)),
    forSecret: federation,
    forKubeconfig: real.forKubeconfig,
    contextFacts: real.contextFacts,
  };
  const opened: PretendedKube[] = [];
  const remember = (kube: PretendedKube): PretendedKube => {
    if (!opened.includes(kube)) opened.push(kube);
    return kube;
  };
  return {
    clients: {
      ...clients,
      forContext: async (ref) => remember((await clients.forContext(ref)) as PretendedKube),
      forSecret: async (ref, secret) => remember((await federation(ref, secret)) as PretendedKube),
    },
    objects: () => opened.flatMap((kube) => kube.objects()),
  };
}

/** undefined: there is no federation API yet. */
async function standingFederation(real: KubeClients, host: HostRef, secret: string) {
  try {
    return await real.forSecret(host, secret);
  } catch (error) {
    if (codeOf(error) === 'NOT_FOUND') return undefined;
    throw error;
  }
}
