import { z } from 'zod';
import type { sections } from '../distributions/federation/spec.ts';
import { duration } from './duration.ts';
import { dns1035, dns1123, path } from './fields.ts';

/** Has sh, tr, wget and nslookup, which is all that `check --in-cluster` asks of an image. */
const checkImage = 'docker.io/library/busybox:1.36.1';

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

/** What of the file is not the same for all distributions. */
export interface FileDefaults {
  /** Values of `distribution`; the first is its default. */
  ids: readonly string[];
  namespace: string;
  context: string;
}

/**
 * The whole file (docs/spec.md), with the sections of one distribution. Unknown keys are errors everywhere; durations
 * come out in milliseconds.
 */
export const fileSchema = <S extends Readonly<Record<string, z.ZodType>>>(own: S, defaults: FileDefaults) =>
  z.strictObject({
    apiVersion: z.literal('fedctl/v1alpha1'),
    kind: z.literal('Federation'),
    metadata: z.strictObject({ name: dns1123 }),
    spec: z.strictObject({
      distribution: z.enum(defaults.ids).default(defaults.ids[0] ?? ''),
      host: z.strictObject({
        context: z.string().min(1),
        kubeconfig: path.optional(),
        namespace: dns1123.default(defaults.namespace),
      }),
      ...own,
      patches: z
        .array(
          z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }) }),
        )
        .default([]),
      kubeconfig: z.strictObject({ context: z.string().min(1).default(defaults.context) }).prefault({}),
      dns: dns.optional(),
      clusters: z.array(clusterSchema).default([]),
      policy: policy.prefault({}),
      check: z.strictObject({ image: z.string().default(checkImage) }).prefault({}),
    }),
  });

/** The schema of a file of any distribution. */
export type FileSchema = ReturnType<typeof fileSchema<Readonly<Record<string, z.ZodType>>>>;

/**
 * What steps read, with all defaults filled in and durations in milliseconds. Free of secrets: credentials stand in it by
 * reference (a path or a profile's name). The sections of a distribution are there only where it is the spec's own; their
 * types are those of the federation, whose steps alone read them.
 */
export type Spec = z.output<ReturnType<typeof fileSchema<typeof sections>>>['spec'];
/** One entry of `spec.clusters`. */
export type ClusterSpec = z.output<typeof clusterSchema>;
