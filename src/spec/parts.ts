import { isMap } from './json.ts';
import type { ClusterSpec, FileSchema, Spec } from './schema.ts';
import { valueAt } from './issues.ts';

/** The sections of a spec that can be read, so that rules speak of them although another section is wrong. */
export interface Parts {
  spec: Partial<Omit<Spec, 'clusters'>>;
  /** At the index of the file; undefined for one that cannot be read. */
  clusters: (ClusterSpec | undefined)[];
}

type Section = { safeParse(value: unknown): { success: boolean; data?: unknown; error?: { issues: Issue[] } } };
type Issue = { code?: string | undefined; path: PropertyKey[]; keys?: string[] };

/** The readable part of data that the schema does not take as a whole. */
export function readableParts(data: unknown, schema: FileSchema): Parts {
  const found = valueAt(data, ['spec']);
  const spec = isMap(found) ? found : {};
  const { clusters: list, ...sections } = schema.shape.spec.shape;
  const read = Object.entries(sections).map(([key, schema]) => [key, lenient(schema, spec[key])]);
  const entries = Array.isArray(spec['clusters']) ? spec['clusters'] : [];
  return {
    spec: Object.fromEntries(read.filter(([, value]) => value !== undefined)) as Parts['spec'],
    clusters: entries.map((entry) => lenient(list.def.innerType.element, entry) as ClusterSpec | undefined),
  };
}

/** The section with defaults; what is wrong in it counts as not given, if it can do without. */
function lenient(schema: Section, value: unknown): unknown {
  const first = schema.safeParse(value);
  if (first.success) return first.data;
  const rest = (first.error?.issues ?? []).reduce(withoutIssue, value);
  return schema.safeParse(rest).data;
}

function withoutIssue(value: unknown, issue: Issue): unknown {
  const paths = issue.keys ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
  return paths.reduce<unknown>((left, path) => without(left, path), value);
}

function without(value: unknown, [key, ...rest]: PropertyKey[]): unknown {
  if (key === undefined || value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return value;
  // Other items keep their place: an item of a list is emptied and not taken out.
  if (Array.isArray(value)) return value.map((item, at) => (at === key ? without(item, rest) : item));
  const { [key]: inner, ...others } = value as Record<PropertyKey, unknown>;
  return rest.length === 0 ? others : { ...others, [key]: without(inner, rest) };
}
