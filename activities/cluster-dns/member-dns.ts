import {
  dnsConfigMap,
  type DnsController,
  dnsNamespace,
  findClusterDns,
  type FoundDns,
} from '../../src/cluster-dns/shapes.ts';
import type { Kube } from '../clients/kube/port.ts';
import type { KubeObject, ObjectRef } from '../../src/kubernetes/objects.ts';

/** Names a ConfigMap beside the cluster DNS. */
export const configMapNamed = (name: string): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  namespace: dnsNamespace,
});
/** The ConfigMap that kube-dns reads. */
export const configMapRef = configMapNamed(dnsConfigMap.name);

type Found = Extract<FoundDns, { controller: DnsController }>;
/** What a member runs as cluster DNS, with the ConfigMap that it reads. */
export type MemberDns = Found & { configMap: KubeObject | undefined };

/** Reads the cluster DNS of a member, or the named condition that keeps fedctl from telling it anything. */
export async function readClusterDns(member: Kube): Promise<MemberDns | Extract<FoundDns, { code: string }>> {
  const [replicationControllers, deployments, configMap] = await Promise.all([
    member.list({ apiVersion: 'v1', kind: 'ReplicationController', namespace: dnsNamespace }),
    member.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: dnsNamespace }),
    member.read(configMapRef),
  ]);
  const found = findClusterDns({ replicationControllers, deployments, configMap: configMap !== undefined });
  if ('code' in found) return found;
  if (found.shape !== 'coredns/corefile') return { ...found, configMap };
  const corefile = await member.read(configMapNamed(found.corefile.name));
  if (corefile) return { ...found, configMap: corefile };
  const { name } = found.controller.object.metadata;
  return {
    code: 'CLUSTER_DNS_UNKNOWN',
    message: `ConfigMap ${found.corefile.name} of Deployment ${name} is not there`,
  };
}
