import { z } from 'zod';
import { duration } from './duration.ts';

// Fields that more than one section of a spec has.

/** DNS-1123 label: federation names and namespaces (RFC 1123; a federation's name appears in DNS routes). */
export const dns1123 = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS-1123 label: a-z, 0-9 and "-", at most 63 characters');
/** DNS-1035 label: what the federation API accepts as a Cluster's name (it must start with a letter). */
export const dns1035 = z
  .string()
  .max(63)
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS-1035 label: starts with a-z, then a-z, 0-9 and "-"');
/** A path of a file. */
export const path = z.string().min(1);
/** A command, word by word. */
export const argv = z.array(z.string()).min(1);
/** Flags of a program beside those that fedctl sets; values may be written as numbers and booleans. */
export const extraArgs = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

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

/** What every distribution's `spec.images` says of where images come from and go, beside the images themselves. */
export const imageSources = {
  build: build.optional(),
  pullSecret: z.strictObject({ fromDockerConfig: path }).optional(),
  mirrors: z.record(z.string(), z.string()).default({}),
  insecureRegistries: z.array(z.string()).default([]),
  caFile: path.optional(),
};
