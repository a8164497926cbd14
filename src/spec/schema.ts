import { z } from 'zod';
import { defaultNamespace } from '../kubernetes/names.ts';
import { duration } from './duration.ts';

/** DNS-1123 label: federation names and namespaces (RFC 1123; a federation's name appears in DNS routes). */
const dns1123 = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS-1123 label: a-z, 0-9 and "-", at most 63 characters');
/** DNS-1035 label: what the federation API accepts as a Cluster's name (it must start with a letter). */
const dns1035 = z
  .string()
  .max(63)
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS-1035 label: starts with a-z, then a-z, 0-9 and "-"');
const path = z.string().min(1);
const argv = z.array(z.string()).min(1);
/** FEDERATION_SERVICE_CIDR of the guide's scripts. */
export const defaultServiceClusterIPRange = '10.10.0.0/24';

const extraArgs = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

/** Has sh, tr, wget and nslookup, which is all that `check --in-cluster` asks of an image. */
const checkImage = 'docker.io/library/busybox:1.36.1';

const image = z.strictObject({
  registry: z.string().min(1).optional(),
  name: z.string().min(1).default('hyperkube-amd64'),
  version: z.string().min(1).optional(),
});

const build = z.strictObject({
  source: path,
  binaries: argv,
  dockerfile: path.default('Dockerfile'),
  engine: z.enum(['auto', 'docker', 'podman', 'buildah', 'nerdctl']).default('auto'),
  silentFor: duration.optional(),
  push: z.strictObject({
    registry: z.string().min(1),
    tag: z.string().min(1).optional(),
    ifThere: z.enum(['move', 'use']).optional(),
  }),
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
  build: build.optional(),
  pullSecret: z.strictObject({ fromDockerConfig: path }).optional(),
  mirrors: z.record(z.string(), z.string()).default({}),
  insecureRegistries: z.array(z.string()).default([]),
  caFile: path.optional(),
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

const dns = z.strictObject({
  provider: z.enum(['google-clouddns', 'aws-route53', 'powerdns']),
  zone: z.string().min(1),
  domain: z.string().min(1),
  createZone: z.boolean().default(true),
  delegation: z.enum(['warn', 'require', 'ignore']).default('warn'),
  apiserverRecord: z.boolean().default(false),
  endpoint: z.url().optional(),
  resolvers: z.array(z.string()).default([]),
  stubDomain: z.boolean().optional(),
  zoneId: z.string().optional(),
  visibility: z.enum(['public', 'private']).default('public'),
  network: z.string().min(1).optional(),
  credentialsFile: path.optional(),
  profile: z.string().optional(),
  project: z.string().optional(),
  region: z.string().optional(),
  serverId: z.string().default('localhost'),
  nameServers: z.array(z.string()).default([]),
});

/** One member; `fedctl join` without a file makes one from flags. */
export const clusterSchema = z.strictObject({
  name: dns1035,
  context: z.string().min(1),
  kubeconfig: path.optional(),
  secretRef: z.strictObject({ name: dns1123 }).optional(),
  serverAddresses: z
    .array(z.strictObject({ clientCIDR: z.string(), serverAddress: z.url() }))
    .min(1)
    .optional(),
  credentials: z.enum(['serviceAccount', 'copy']).default('serviceAccount'),
  clusterDns: z.enum(['update', 'skip']).default('update'),
  labels: z.record(z.string(), z.string()).default({}),
});

const policy = z.strictObject({
  parallelJoins: z.int().min(1).max(1000).default(10),
  waits: z
    .strictObject({
      loadBalancer: duration.default(600_000),
      rollout: duration.default(600_000),
      claim: duration.default(300_000),
      reach: duration.default(300_000),
      clusterReady: duration.default(300_000),
      zone: duration.default(600_000),
      delegation: duration.default(3_600_000),
      recycle: duration.default(300_000),
    })
    .prefault({}),
  blockedFor: duration.default(604_800_000),
});

/** The policy where no spec says another. */
export const defaultPolicy = policy.parse({});

/** The whole file (docs/spec.md). Unknown keys are errors everywhere; durations come out in milliseconds. */
export const federationSchema = z.strictObject({
  apiVersion: z.literal('fedctl/v1alpha1'),
  kind: z.literal('Federation'),
  metadata: z.strictObject({ name: dns1123 }),
  spec: z.strictObject({
    distribution: z.enum(['federation', 'karmada']).default('federation'),
    host: z.strictObject({
      context: z.string().min(1),
      kubeconfig: path.optional(),
      namespace: dns1123.default(defaultNamespace),
    }),
    images: images.prefault({}),
    apiserver: apiserver.prefault({}),
    controllerManager: controllerManager.prefault({}),
    etcd: z.strictObject({ storage: z.string().default('10Gi'), storageClassName: z.string().optional() }).prefault({}),
    patches: z
      .array(z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }) }))
      .default([]),
    kubeconfig: z.strictObject({ context: z.string().min(1).default('federation-cluster') }).prefault({}),
    dns: dns.optional(),
    clusters: z.array(clusterSchema).default([]),
    policy: policy.prefault({}),
    check: z.strictObject({ image: z.string().default(checkImage) }).prefault({}),
  }),
});

/** A file that passed: all defaults filled in, durations in milliseconds. */
export type FederationFile = z.output<typeof federationSchema>;
/** What steps read. Free of secrets: credentials stand in it by reference (a path or a profile's name). */
export type Spec = FederationFile['spec'];
/** One entry of `spec.clusters`. */
export type ClusterSpec = Spec['clusters'][number];
