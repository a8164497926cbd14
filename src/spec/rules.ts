import type { SpecPart } from './part.ts';
import type { Parts } from './parts.ts';
import type { Finding } from './problem.ts';
import { clusterRules } from './rules/clusters.ts';
import { dnsRules } from './rules/dns.ts';
import { patchesRules } from './rules/patches.ts';
import { policyRules } from './rules/policy.ts';

/** What a schema cannot say: rules across fields, each finding with its place and the way out. */
export const checkRules = (parts: Parts, part: SpecPart): Finding[] =>
  [part.rules, patchesRules, dnsRules, clusterRules, policyRules].flatMap((rules) => rules(parts, part));
