import type { Parts } from './parts.ts';
import type { Finding } from './problem.ts';
import { clusterRules } from './rules/clusters.ts';
import { controlPlaneRules } from './rules/control-plane.ts';
import { dnsRules } from './rules/dns.ts';
import { imagesRules } from './rules/images.ts';
import { policyRules } from './rules/policy.ts';

/** What a schema cannot say: rules across fields, each finding with its place and the way out. */
export const checkRules = (parts: Parts): Finding[] =>
  [imagesRules, controlPlaneRules, dnsRules, clusterRules, policyRules].flatMap((rules) => rules(parts));
