import type { z } from 'zod';
import type { Parts } from './parts.ts';
import type { Finding, Path } from './problem.ts';

/**
 * What a distribution adds to the spec. The parser takes one for every value of `spec.distribution`, so that it knows
 * none by name.
 */
export interface SpecPart {
  /** Value of `spec.distribution`. */
  id: string;
  /**
   * Sections of the spec that are the distribution's, in the order in which they stand. Given in a spec of another
   * distribution they are refused, and their defaults are not filled in there.
   */
  sections: Readonly<Record<string, z.ZodType>>;
  /** Defaults of `host.namespace` and `kubeconfig.context`. */
  namespace: string;
  context: string;
  /** Keys of `spec.images` that are `{registry, name, version}`: what `images.build` builds, or the environment names. */
  images: readonly string[];
  /** Fields that are paths of files, dotted; the file's folder is where they start. */
  files: readonly string[];
  /** Maps of flags, whose numbers are read as the file writes them. */
  flags: readonly Path[];
  /** Keys of the values.yaml that fills the gaps of a spec; absent: there is no such file. */
  chart?: Readonly<Record<string, ChartKey>>;
  /** Objects that `spec.patches` may name. */
  patchTargets: readonly PatchTarget[];
  /** Secrets of the host namespace that no member's `secretRef` (or name, which is its default) may take. */
  reservedSecrets: readonly string[];
  /** Why a member needs an address for every client; '': it needs none. */
  everyClient: string;
  /** What is wrong with its sections. */
  rules: (parts: Parts) => Finding[];
}

/**
 * What fedctl does with a key of a chart's values.yaml: `field` fills that field of the spec;
 * `refused` stops, unless the value is the one that fedctl uses anyway; `ignored` is read over, for the reason given.
 */
export type ChartKey =
  { field: Path; output?: true } | { refused: string; unless: string } | { ignored: string; secret?: true };

/** An object that the distribution makes and a patch may name. */
export interface PatchTarget {
  apiVersion: string;
  kind: string;
  name: string;
}
