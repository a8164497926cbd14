import { join } from 'node:path';
import type { Settings } from '../settings.ts';
import { imageNames } from './images.ts';

/** Address of the host's cluster DNS. */
export const clusterDns = '10.96.0.10';
/** Range of the host's Services. */
export const serviceRange = '10.96.0.0/16';
/** In the sandbox's own /run, so that two sandboxes do not meet. */
export const containerdSocket = '/run/containerd/containerd.sock';

/** Kubernetes writes its objects by this name; so does fedctl's audit filter. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'None', users: ['system:kube-scheduler', 'system:kube-controller-manager'] },
    { level: 'Metadata' },
  ],
};

/** Configuration of containerd: pods' images come from the sandbox's registry by plain HTTP. */
export function containerdConfig({ layout }: Settings): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return [
    'version = 2',
    `root = "${join(layout.state, 'containerd')}"`,
    'state = "/run/containerd/state"',
    '[grpc]',
    `address = "${containerdSocket}"`,
    `[${cri}]`,
    // Without it every pod fails with oom_score_adj: Permission denied in a nested container.
    'restrict_oom_score_adj = true',
    `sandbox_image = "${layout.registry}/${imageNames.pause}"`,
    `[${cri}.cni]`,
    'bin_dir = "/usr/lib/cni"',
    `conf_dir = "${join(layout.state, 'cni')}"`,
    `[${cri}.registry.mirrors."${layout.registry}"]`,
    `endpoint = ["http://${layout.registry}"]`,
    '',
  ].join('\n');
}

/** Pod network: point to point, because a bridge breaks the replies from pods to Services. */
export function cniConfig({ layout }: Settings): object {
  const [rangeStart, rangeEnd] = layout.podRange;
  const ipam = {
    type: 'host-local',
    dataDir: join(layout.state, 'ipam'),
    ranges: [[{ subnet: layout.subnet, rangeStart, rangeEnd }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return { cniVersion: '0.4.0', name: 'fedctl', plugins: [{ type: 'ptp', ipMasq: false, ipam }] };
}

/** Configuration of the kubelet. */
export function kubeletConfig({ layout }: Settings): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    // A root of its own, or one sandbox's kubelet takes the pods of another's for orphans.
    cgroupRoot: `/${layout.cgroup}`,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    address: layout.address,
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    clusterDNS: [clusterDns],
    clusterDomain: 'cluster.local',
    resolvConf: join(layout.state, 'resolv.conf'),
    evictionHard: { 'nodefs.available': '0%', 'imagefs.available': '0%', 'memory.available': '1Mi' },
    imageMinimumGCAge: '24h',
    registryPullQPS: 0,
    serializeImagePulls: false,
    nodeStatusUpdateFrequency: '10s',
  };
}
