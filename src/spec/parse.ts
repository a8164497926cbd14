import type { Environment } from './sources/environment.ts';
import { fillIn, type Filled } from './sources/fill.ts';
import { findingsOf, valueAt } from './issues.ts';
import { nearest } from './nearest.ts';
import { distributionsNotBuilt, findNotBuilt } from './not-built.ts';
import type { SpecPart } from './part.ts';
import { readableParts } from './parts.ts';
import { dotted, inOrder, type Finding, type Path, type Problem } from './problem.ts';
import { checkRules } from './rules.ts';
import { fileSchema, type FileSchema, type Spec } from './schema.ts';
import { readYaml, type YamlText } from './sources/yaml-text.ts';

/** A text, and the name by which problems call it. */
export interface Text {
  text: string;
  file: string;
}

export interface ParseInput extends Text {
  /** `$FEDERATION_OUTPUT_ROOT/values.yaml`, where there is one. */
  values?: Text;
  /** The guide's variables are looked up in it. */
  environment?: Environment;
}

export type Parsed =
  | {
      ok: true;
      /** metadata.name. */
      federation: string;
      /** With everything filled in, paths as written. */
      spec: Spec;
      /** What was read over and should rather be taken out, a line each. */
      notes: string[];
    }
  | { ok: false; problems: Problem[] };

/**
 * Reads a federation.yaml into a spec of one of these distributions, the first where it names none: gaps filled from values.yaml, then from the environment, then by defaults; or
 * answers all that is wrong with it, in the order of the text. Never throws, whatever the text.
 */
export function parseSpec(
  { text, file, values, environment = {} }: ParseInput,
  parts: readonly [SpecPart, ...SpecPart[]],
): Parsed {
  const read = readYaml(file, text);
  const part = partOf(read.ok ? read.yaml.data : {}, parts);
  const chart = values && part.chart && readValues(values);
  if (!read.ok) return { ok: false, problems: [...read.problems, ...(chart?.problems ?? [])] };
  const foreign = otherKind(read.yaml);
  if (foreign) return { ok: false, problems: [foreign] };
  const filled = fillIn(read.yaml, chart?.yaml, environment, part);
  const before = [...read.yaml.problems, ...(chart?.problems ?? []), ...filled.problems];
  return judge(filled, before, { part, parts });
}

/** Of the distribution that the file names; where it names none that there is, the first. */
const partOf = (data: unknown, parts: readonly [SpecPart, ...SpecPart[]]): SpecPart =>
  parts.find(({ id }) => id === valueAt(data, ['spec', 'distribution'])) ?? parts[0];

const idsOf = (parts: readonly SpecPart[]): string[] => [
  ...new Set([...parts.map(({ id }) => id), ...distributionsNotBuilt]),
];

/** The schema of a file of one distribution among others. */
export const schemaOf = ({ sections, namespace, context }: SpecPart, parts: readonly SpecPart[]): FileSchema =>
  fileSchema(sections, { ids: idsOf(parts), namespace, context });

interface Distributions {
  /** That of the file. */
  part: SpecPart;
  parts: readonly SpecPart[];
}

/** An empty values.yaml is fine: `deploy.sh init` leaves one. */
function readValues({ text, file }: Text): { yaml?: YamlText; problems: Problem[] } {
  if (text.split('\n').every((line) => /^\s*(#.*)?$/.test(line))) return { problems: [] };
  const read = readYaml(file, text);
  return read.ok ? { yaml: read.yaml, problems: read.yaml.problems } : { problems: read.problems };
}

/** Another kind of file altogether: to list what a spec would need helps nobody. */
function otherKind(yaml: YamlText): Problem | undefined {
  const { apiVersion, kind } = yaml.data;
  if (typeof kind !== 'string' || kind === 'Federation' || nearest(kind, ['Federation'])) return undefined;
  const what = kind === 'Config' && apiVersion === 'v1' ? 'a kubeconfig' : `a ${kind}`;
  return {
    ...yaml.placeOf(['kind']),
    path: 'kind',
    message: `this file is ${what}, not a Federation`,
    hint: 'a spec starts with apiVersion: fedctl/v1alpha1 and kind: Federation',
  };
}

function judge(filled: Filled, before: readonly Problem[], { part, parts }: Distributions): Parsed {
  const { data } = filled;
  const schema = schemaOf(part, parts);
  const elsewhere = (section: string): string | undefined => parts.find((one) => section in one.sections)?.id;
  const result = schema.safeParse(data);
  const findings = [
    ...(result.success ? [] : findingsOf(result.error.issues, data, filled.sourceOf, { schema, elsewhere })),
    ...numbersAsText(filled, part.flags),
    ...checkRules(readableParts(data, schema), part),
    ...findNotBuilt(
      data,
      parts.map(({ id }) => id),
    ),
  ];
  const problems = [...before, ...withoutEchoes(findings).map((finding) => toProblem(filled, finding))];
  if (!result.success || problems.length > 0) return { ok: false, problems: inOrder(problems) };
  const { metadata, spec } = result.data;
  return { ok: true, federation: metadata.name, spec: spec as Spec, notes: filled.notes };
}

/** Rules see what the schema refused as not given; what it said about the same field stands alone. */
function withoutEchoes(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ path, code }) => {
    const key = `${dotted(path)} ${code ?? ''}`;
    const fresh = !seen.has(key);
    seen.add(key);
    return fresh;
  });
}

function toProblem(filled: Filled, { path, at, message, hint, code }: Finding): Problem {
  const place = at === 'key' ? filled.placeOfKey(path) : filled.placeOf(path);
  const said = filled.saidOf(path);
  return {
    ...place,
    path: dotted(path),
    message: said ? `${message} (${said})` : message,
    ...(hint ? { hint } : {}),
    ...(code ? { code } : {}),
  };
}

/** Flags may be written as numbers; one that YAML changes on the way (1.10, 0x1F, 1e3) is not what the file says. */
const numbersAsText = (filled: Filled, flagMaps: readonly Path[]): Finding[] =>
  flagMaps.flatMap((map) => {
    const flags = valueAt(filled.data, map);
    if (flags === null || typeof flags !== 'object') return [];
    return Object.entries(flags).flatMap(([name, value]): Finding[] => {
      const path = [...map, name];
      const source = filled.sourceOf(path);
      if (typeof value !== 'number' || source === undefined || source === String(value)) return [];
      return [{ path, message: `YAML reads ${source} as the number ${value}`, hint: `quote it: "${source}"` }];
    });
  });
