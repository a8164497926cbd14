import { type Condition, conditionOf } from '../../kubernetes/conditions.ts';
import type { KubeObject, ObjectRef } from '../../kubernetes/objects.ts';
import type { ClusterSpec } from '../../spec/schema.ts';
import { type AddressByCidr, addressForAll, everyClient } from '../../spec/server-address.ts';
import { labels, labelsFor } from '../../kubernetes/names.ts';
import type { MemberChange, MemberInput, MemberKind } from '../distribution.ts';

/** Group and version of the federation API, as the guide writes them. */
export const clusterApiVersion = 'federation/v1beta1';

/** On a Cluster: resourceVersion of the Secret it was registered with. */
export const secretVersionAnnotation = 'fedctl/secret-version';

/** A member as the federation API keeps it. Not namespaced. */
export interface FederationCluster extends KubeObject {
  spec: { serverAddressByClientCIDRs: AddressByCidr[]; secretRef?: { name?: string } };
  status?: { conditions?: Condition[] };
}

export const clusterRef = (name: string): ObjectRef => ({ apiVersion: clusterApiVersion, kind: 'Cluster', name });

/** Addresses of the member, in the spec's order; the default is the server of its context for every client. */
export const addressesOf = (cluster: ClusterSpec, contextServer: string): AddressByCidr[] =>
  cluster.serverAddresses?.map((entry) => ({ ...entry })) ?? [
    { clientCIDR: everyClient, serverAddress: contextServer },
  ];

/** The address of a registered member; one that was registered by hand may have none for every client. */
export function registeredAddress({ spec }: FederationCluster): string | undefined {
  const addresses = spec.serverAddressByClientCIDRs;
  return addressForAll(addresses) ?? addresses[0]?.serverAddress;
}

/** The Cluster as it should be. Our labels win over those of the spec: `down` finds its own by them. */
export function clusterObject({
  cluster,
  uuid,
  contextServer,
  secretName,
  secretVersion,
}: MemberInput): FederationCluster {
  return {
    apiVersion: clusterApiVersion,
    kind: 'Cluster',
    metadata: {
      name: cluster.name,
      labels: { ...cluster.labels, ...labelsFor(uuid) },
      annotations: { [secretVersionAnnotation]: secretVersion },
    },
    spec: { serverAddressByClientCIDRs: addressesOf(cluster, contextServer), secretRef: { name: secretName } },
  };
}

const sameAddresses = (a: readonly AddressByCidr[] | undefined, b: readonly AddressByCidr[]): boolean =>
  a?.length === b.length &&
  b.every((entry, at) => a[at]?.clientCIDR === entry.clientCIDR && a[at].serverAddress === entry.serverAddress);

/**
 * Decides by what our own writes set; status and other people's labels do not count. The controller builds its client
 * once, when a Cluster appears: a Secret or address that changed later is never noticed.
 */
export function clusterChange(found: FederationCluster, wanted: FederationCluster): MemberChange {
  const version = found.metadata.annotations?.[secretVersionAnnotation];
  const wantedVersion = wanted.metadata.annotations?.[secretVersionAnnotation];
  if (version !== wantedVersion) return { how: 'create-again', why: 'its Secret changed' };
  if (!sameAddresses(found.spec.serverAddressByClientCIDRs, wanted.spec.serverAddressByClientCIDRs)) {
    return { how: 'create-again', why: 'its addresses changed' };
  }
  if (found.spec.secretRef?.name !== wanted.spec.secretRef?.name)
    return { how: 'create-again', why: 'it names another Secret' };
  const missing = Object.entries(wanted.metadata.labels ?? {}).filter(
    ([key, value]) => found.metadata.labels?.[key] !== value,
  );
  if (missing.length === 0) return { how: 'keep' };
  return { how: 'patch', patch: { metadata: { labels: Object.fromEntries(missing) } } };
}

/** Whether the Cluster carries this federation's uuid. */
export const isOurCluster = (found: KubeObject, uuid: string): boolean =>
  found.metadata.labels?.[labels.federation] === uuid;

/**
 * '' when the federation says Ready, else why not yet, in a person's words. Conditions are exclusive sets
 * (docs/control-plane.md): an unreachable cluster has Offline and no Ready at all; `status: {}` is one that was not
 * probed yet.
 */
export function clusterReadiness(cluster: FederationCluster): string {
  const ready = conditionOf(cluster, 'Ready');
  if (ready?.status === 'True') return '';
  const address = registeredAddress(cluster) ?? 'its address';
  const offline = conditionOf(cluster, 'Offline');
  if (offline?.status === 'True') return `the control plane cannot reach ${address}${reasonOf(offline)}`;
  if (ready) return `${address} answers the control plane, but not as a healthy API server${reasonOf(ready)}`;
  return 'not probed yet (the control plane probes every 40 s by default)';
}

const reasonOf = ({ reason, message }: Condition): string => {
  const words = [reason, message].filter(Boolean).join(': ');
  return words ? ` (${words})` : '';
};

const asCluster = (object: KubeObject): FederationCluster => object as FederationCluster;

/** The kind Cluster of the federation API, as the record of the distribution has it. */
export const memberKind: MemberKind = {
  apiVersion: clusterApiVersion,
  kind: 'Cluster',
  ref: clusterRef,
  wanted: clusterObject,
  change: (found, wanted) => clusterChange(asCluster(found), asCluster(wanted)),
  readiness: (found) => clusterReadiness(asCluster(found)),
  isOurs: isOurCluster,
  server: (found) => registeredAddress(asCluster(found)),
};
