import { z } from 'zod';
import { argv, extraArgs, imageSources, path } from '../../spec/fields.ts';

/** FEDERATION_SERVICE_CIDR of the guide's scripts. */
export const defaultServiceClusterIPRange = '10.10.0.0/24';

const image = z.strictObject({
  registry: z.string().min(1).optional(),
  name: z.string().min(1).default('hyperkube-amd64'),
  version: z.string().min(1).optional(),
});

const images = z.strictObject({
  apiserver: image.prefault({}),
  controllerManager: image.prefault({}),
  etcd: z
    .strictObject({
      image: z.string().min(1).default('quay.io/coreos/etcd:v3.6.8'),
      command: argv.default(['/usr/local/bin/etcd']),
    })
    .prefault({}),
  ...imageSources,
});

const apiserver = z.strictObject({
  serviceType: z.enum(['LoadBalancer', 'NodePort']).default('LoadBalancer'),
  nodePort: z.int().min(1).max(65535).optional(),
  advertiseAddress: z.string().optional(),
  serviceClusterIPRange: z.string().default(defaultServiceClusterIPRange),
  command: argv.default(['/hyperkube', 'federation-apiserver']),
  flags: z.enum(['era', 'admission-control', 'enable-admission-plugins']).default('era'),
  extraArgs: extraArgs.default({}),
  replicas: z.int().min(1).default(1),
});

const controllerManager = z.strictObject({
  command: argv.default(['/hyperkube', 'federation-controller-manager']),
  flags: z.enum(['era']).default('era'),
  extraArgs: extraArgs.default({}),
  dnsProvider: z.string().optional(),
  dnsProviderConfigFile: path.optional(),
});

/** The sections of a spec that are the federation's, in the order in which they stand. */
export const sections = {
  images: images.prefault({}),
  apiserver: apiserver.prefault({}),
  controllerManager: controllerManager.prefault({}),
  etcd: z.strictObject({ storage: z.string().default('10Gi'), storageClassName: z.string().optional() }).prefault({}),
};
