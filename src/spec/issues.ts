import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { dotted, type Finding, type Path } from './problem.ts';
import { keysAt, pathsEndingIn } from './schema-walk.ts';
import type { FileSchema } from './schema.ts';

type Issue = z.core.$ZodIssue;
type Words = Pick<Finding, 'message' | 'hint'>;

/** What keys there are: those of this file, and the distribution that has a section which this file's has not. */
export interface KnownKeys {
  schema: FileSchema;
  elsewhere: (section: string) => string | undefined;
}

/** What zod found, in the words of the file; `sourceOf` gives a scalar as the text has it. */
export function findingsOf(
  issues: readonly Issue[],
  data: unknown,
  sourceOf: (path: Path) => string | undefined,
  known: KnownKeys,
): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: [...path, key], at: 'key', ...unknownKey(key, path, known) }));
    return [{ path, ...wordsFor(issue, valueAt(data, path), sourceOf(path), path) }];
  });
}

/** The value at a path of plain data. */
export const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      value !== null && typeof value === 'object' && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    data,
  );

function unknownKey(key: string, parent: Path, { schema, elsewhere: foreign }: KnownKeys): Words {
  const owner = dotted(parent) === 'spec' ? foreign(key) : undefined;
  if (owner !== undefined)
    return {
      message: `is a section of distribution ${owner}, which is not the distribution of this spec`,
      hint: `remove it, or write distribution: ${owner}`,
    };
  const allowed = keysAt(schema, parent);
  const near = nearest(key, allowed);
  const elsewhere = near ? [] : pathsEndingIn(schema, key).slice(0, 3);
  const guess = near
    ? `did you mean ${near}? `
    : elsewhere.length > 0
      ? `${key} stands at ${elsewhere.join(' or ')}; `
      : '';
  return { message: 'is not a field of the spec', hint: `${guess}allowed here: ${allowed.join(', ')}` };
}

/** JSON of a value, short enough for a line. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

function wordsFor(issue: Issue, value: unknown, source: string | undefined, path: Path): Words {
  if (value === undefined) return missing(issue, path);
  if (issue.code === 'invalid_value') return notAllowed(issue.values.map(String), value);
  if (issue.code === 'invalid_type') return wrongType(issue.expected, value, source, path);
  if (issue.code === 'invalid_union') return { message: `${kind(value)} where text, a number, true or false belongs` };
  return outOfBounds(issue, value, path);
}

function outOfBounds(issue: Issue, value: unknown, path: Path): Words {
  if (issue.code === 'too_small')
    return { message: typeof value === 'number' ? `${value} is less than ${issue.minimum}` : 'is empty' };
  if (issue.code === 'too_big')
    return typeof value === 'number'
      ? { message: `${value} is more than ${issue.maximum}` }
      : { message: `is longer than ${issue.maximum} characters` };
  if (issue.code === 'invalid_format' && issue.format === 'url')
    return { message: `${shown(value)} is not a URL`, hint: 'write it with its scheme: https://192.0.2.10:6443' };
  const lower = typeof value === 'string' ? value.toLowerCase().replaceAll('_', '-') : '';
  const label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(lower) && path.at(-1) === 'name';
  return { message: `${shown(value)} ${issue.message}`, ...(label ? { hint: `perhaps ${lower}` } : {}) };
}

function missing(issue: Issue, path: Path): Words {
  const hint = hintsForMissing[dotted(path).replace(/\[\d+\]/g, '[]')];
  if (issue.code === 'invalid_value')
    return { message: 'is missing', hint: hint ?? `one of ${issue.values.map(String).join(', ')}` };
  return { message: 'is missing', ...(hint ? { hint } : {}) };
}

const hintsForMissing: Readonly<Record<string, string>> = {
  apiVersion: 'the first line of a spec: apiVersion: fedctl/v1alpha1',
  kind: 'the second line of a spec: kind: Federation',
  metadata: 'metadata: {name: myfederation}, or set FEDERATION_NAME',
  'metadata.name': 'the name that appears in DNS routes; FEDERATION_NAME works too',
  spec: 'the least there is: spec: {host: {context: NAME}}, and the images',
  'spec.host': 'host: {context: NAME} names the cluster that runs the control plane',
  'spec.host.context': 'see the contexts there are: kubectl config get-contexts',
  'spec.clusters[].context': 'see the contexts there are: kubectl config get-contexts',
  'spec.dns.zone': 'the zone of the records, such as federation.example.; DNS_ZONE_NAME works too',
  'spec.dns.domain': 'without it the zone is the domain, once there is a zone',
  'spec.dns.provider': 'one of google-clouddns, aws-route53, powerdns; FEDERATION_DNS_PROVIDER works too',
  'spec.images.build.push.registry': 'where to push, such as registry.example:5000; KUBE_REGISTRY works too',
};

function notAllowed(allowed: readonly string[], value: unknown): Words {
  const near = typeof value === 'string' ? nearest(value, allowed) : undefined;
  const one = allowed.length === 1 ? `must be ${allowed[0]}` : `one of ${allowed.join(', ')}`;
  return {
    message: `${shown(value)} is not allowed`,
    hint: near && allowed.length > 1 ? `did you mean ${near}? ${one}` : one,
  };
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function kind(value: unknown): string {
  if (value === null) return 'nothing';
  return kinds[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
}

function wrongType(expected: string, value: unknown, source: string | undefined, path: Path): Words {
  const scalar = value === null || typeof value !== 'object';
  const text = typeof value === 'string' ? shown(value) : (source ?? shown(value));
  const is = scalar ? `${text} is ${kind(value)}` : `is ${kind(value)}`;
  const message = `${is}, not ${kinds[expected] ?? expected}`;
  const hint = hintForType(expected, value, source, path);
  return hint ? { message, hint } : { message };
}

function hintForType(expected: string, value: unknown, source: string | undefined, path: Path): string | undefined {
  const text = source ?? String(value);
  if (expected === 'string') return stringHint(value, text, path);
  if (typeof value !== 'string') return undefined;
  if (expected === 'boolean') return booleanHint(value);
  if (expected === 'array') return `write a list: [${value}]`;
  return /^\d+$/.test(value) ? `write it without quotes: ${value}` : undefined;
}

function stringHint(value: unknown, text: string, path: Path): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  if (path[1] === 'policy') return `write the unit: ${text}s, ${text}m or ${text}h`;
  return `YAML reads it as ${kind(value)}: quote it, "${text}"`;
}

function booleanHint(value: string): string {
  const truth = /^(y|yes|on|true|1)$/i.test(value);
  const lie = /^(n|no|off|false|0)$/i.test(value);
  if (!truth && !lie) return 'write true or false';
  return `YAML 1.2 reads ${value} as text: write ${truth ? 'true' : 'false'}`;
}
