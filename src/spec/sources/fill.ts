import { fromEnvironment, type Environment, type FromEnvironment } from './environment.ts';
import { valueAt } from '../issues.ts';
import { nearest } from '../nearest.ts';
import type { ChartKey, SpecPart } from '../part.ts';
import { dotted, type Path, type Place, type Problem } from '../problem.ts';
import { writtenOut } from './shorthand.ts';
import type { YamlText } from './yaml-text.ts';

/** Where a filled-in value comes from. */
interface Origin {
  place: Place;
  source?: string | undefined;
  /** Added to what is said about it: `from $DNS_ZONE_NAME`. */
  said: string;
}

/** The file with what values.yaml and the environment add, and where each value stands. */
export interface Filled {
  data: Record<string, unknown>;
  placeOf(path: Path): Place;
  placeOfKey(path: Path): Place;
  sourceOf(path: Path): string | undefined;
  /** What to say about a value that does not stand in the file itself; empty for one that does. */
  saidOf(path: Path): string;
  problems: Problem[];
  /** What was read over and is better taken out, a line each. */
  notes: string[];
}

/** What of a distribution says where gaps are filled from. */
type FillPart = Pick<SpecPart, 'chart' | 'images'>;

interface Work {
  part: FillPart;
  data: Record<string, unknown>;
  origins: Map<string, Origin>;
  problems: Problem[];
  notes: string[];
}

const zonePath = ['spec', 'dns', 'zone'];
const domainPath = ['spec', 'dns', 'domain'];
const providerPath = ['spec', 'dns', 'provider'];
const buildPath = ['spec', 'images', 'build'];

/**
 * Fills in what the file leaves out: first from values.yaml (keys of the chart), then from the guide's environment
 * variables; the schema's defaults come after it. A value that file and values.yaml both have, and not alike, is a
 * problem that names both places; the environment only ever fills gaps.
 */
export function fillIn(file: YamlText, values: YamlText | undefined, env: Environment, part: FillPart): Filled {
  const work: Work = { part, data: writtenOut(file.data), origins: new Map(), problems: [], notes: [] };
  if (values) fillFromValues(work, file, values);
  fillFromEnvironment(work, file, env);
  settleDns(work, file);
  settleVersions(work);
  const { data, origins, problems, notes } = work;
  const origin = (path: Path): Origin | undefined => origins.get(dotted(path));
  return {
    data,
    problems,
    notes,
    placeOf: (path) => origin(path)?.place ?? file.placeOf(path),
    placeOfKey: (path) => origin(path)?.place ?? file.placeOfKey(path),
    sourceOf: (path) => (origins.has(dotted(path)) ? origin(path)?.source : file.sourceOf(path)),
    saidOf: (path) => origin(path)?.said ?? '',
  };
}

function fillFromValues(work: Work, file: YamlText, values: YamlText): void {
  // A chart's values.yaml names a provider in every copy; only a zone says that DNS is wanted.
  const dnsWanted = hasDns(work.data) || values.data['controllerManagerDNSZone'] !== undefined;
  const { chart = {} } = work.part;
  for (const [key, value] of Object.entries(values.data)) {
    const chartKey = Object.hasOwn(chart, key) ? chart[key] : undefined;
    if (chartKey && 'field' in chartKey) {
      const output = chartKey.output && valueAt(work.data, buildPath) !== undefined;
      const idle = dotted(chartKey.field) === dotted(providerPath) && !dnsWanted;
      if (!output && !idle) fillField(work, file, values, { key, value, path: chartKey.field });
    } else {
      reportUnused(work, values, key, chartKey);
    }
  }
}

const hasDns = (data: unknown): boolean => valueAt(data, ['spec', 'dns']) !== undefined;

/** Keys that fill nothing: unknown, refused, ignored. */
function reportUnused(work: Work, values: YamlText, key: string, chartKey: ChartKey | undefined): void {
  const place = values.placeOfKey([key]);
  if (!chartKey) {
    const chartKeys = Object.keys(work.part.chart ?? {});
    const near = nearest(key, chartKeys);
    const hint = `${near ? `did you mean ${near}? ` : ''}the chart's keys: ${chartKeys.join(', ')}`;
    work.problems.push({ ...place, path: key, message: 'is not a key of the federation chart', hint });
  } else if ('refused' in chartKey && values.data[key] !== chartKey.unless) {
    const hint = `remove it, or write ${chartKey.unless}`;
    work.problems.push({ ...place, path: key, message: `cannot be changed: ${chartKey.refused}`, hint });
  } else if ('ignored' in chartKey && chartKey.secret) {
    work.notes.push(`${place.file}:${place.line}: ${key} is a secret in plain text that nothing reads; remove it`);
  }
}

function fillField(
  work: Work,
  file: YamlText,
  values: YamlText,
  { key, value, path }: { key: string; value: unknown; path: Path },
): void {
  const place = values.placeOf([key]);
  const there = valueAt(work.data, path);
  const source = values.sourceOf([key]);
  if (there === undefined) {
    work.data = withValue(work.data, path, value);
    work.origins.set(dotted(path), { place, source, said: `from ${key}` });
    return;
  }
  const [asked, also] = [there, source ?? value].map((one) => comparable(path, one));
  if (asked === also) return;
  const at = file.placeOf(path);
  work.problems.push({
    ...place,
    path: key,
    message: `${also} here, but ${dotted(path)} is ${asked} at ${at.file}:${at.line}:${at.column}`,
    hint: 'remove one of the two, or make them equal',
  });
}

/** Text by which two values of a field are alike: with or without the dot at the end, a zone is the same. */
const comparable = (path: Path, value: unknown): string => {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (path.at(-1) === 'version') return asTag(text);
  return dotted(path) === dotted(zonePath) ? text.replace(/\.$/, '').toLowerCase() : text;
};

function fillFromEnvironment(work: Work, file: YamlText, env: Environment): void {
  const build = valueAt(work.data, buildPath) !== undefined;
  for (const from of fromEnvironment(env, { build, dns: hasDns(work.data), images: work.part.images })) {
    const said = `from the environment's ${from.variable}`;
    if (valueAt(work.data, from.path) !== undefined || !isWith(work, from, said)) continue;
    work.data = withValue(work.data, from.path, from.value);
    work.origins.set(dotted(from.path), { place: file.placeOf(from.path), said });
  }
}

const isWith = (work: Work, from: FromEnvironment, said: string): boolean =>
  from.with === undefined || work.origins.get(dotted(from.with))?.said === said;

/** ASCII that no name holds; a URL would take some of it for its own: a path, a port, a user. */
const foreign = /[\0-,/:-@[-`{-\x7f]/;

/** An internationalized name as DNS has it (xn--); what is no name at all stays as it is, for a rule to refuse. */
function asAscii(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name) || foreign.test(name) || !URL.canParse(`http://${name}/`)) return name;
  const { hostname } = new URL(`http://${name}/`);
  return name.endsWith('.') && !hostname.endsWith('.') ? `${hostname}.` : hostname;
}

/** The zone gets its dot; the domain, which has none, is the zone where nobody says otherwise. */
function settleDns(work: Work, file: YamlText): void {
  const given = valueAt(work.data, zonePath);
  const zone = typeof given === 'string' ? asAscii(given) : given;
  if (typeof zone === 'string' && zone !== '') {
    work.data = withValue(work.data, zonePath, zone.endsWith('.') ? zone : `${zone}.`);
    if (valueAt(work.data, domainPath) === undefined) {
      const origin = work.origins.get(dotted(zonePath));
      work.origins.set(dotted(domainPath), { place: origin?.place ?? file.placeOf(zonePath), said: 'from dns.zone' });
      work.data = withValue(work.data, domainPath, zone);
    }
  }
  const domain = valueAt(work.data, domainPath);
  if (typeof domain === 'string' && domain !== '.') {
    work.data = withValue(work.data, domainPath, asAscii(domain).replace(/\.$/, ''));
  }
}

const versionPaths = (images: readonly string[]): Path[] => [
  ...images.map((image) => ['spec', 'images', image, 'version']),
  [...buildPath, 'push', 'tag'],
];

/** A version of Kubernetes as a tag, which holds no `+`: its own release scripts write `_` for it. */
const asTag = (version: string): string => version.replaceAll('+', '_');

function settleVersions(work: Work): void {
  for (const path of versionPaths(work.part.images)) {
    const version = valueAt(work.data, path);
    if (typeof version === 'string') work.data = withValue(work.data, path, asTag(version));
  }
}

/** A copy with the value at the path. Where something else than a mapping stands in the way, it stays as it is. */
function withValue(data: Record<string, unknown>, path: Path, value: unknown): Record<string, unknown> {
  const [key, ...rest] = path;
  if (key === undefined) return data;
  if (rest.length === 0) return { ...data, [key]: value };
  const inner = Object.hasOwn(data, key) ? data[key] : {};
  if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return data;
  return { ...data, [key]: withValue(inner as Record<string, unknown>, rest, value) };
}
