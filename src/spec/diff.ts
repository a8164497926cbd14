/** One field that two specs say differently; undefined: not said. */
export interface FieldChange {
  /** Dotted; members by name: `clusters[member-1].context`. */
  path: string;
  from: unknown;
  to: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nameOf = (value: unknown): string | undefined =>
  isObject(value) && typeof value['name'] === 'string' ? value['name'] : undefined;

/** Named entries are compared by name, so that a new one in front does not change all the others. */
function keyed(value: unknown): Record<string, unknown> | undefined {
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [`.${key}`, item]));
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const names = value.map(nameOf);
  if (names.some((name) => name === undefined)) return undefined;
  return Object.fromEntries(value.map((item, at) => [`[${names[at]}]`, item]));
}

/** What differs between two specs, field by field, in the order of the first. */
export function diffSpecs(from: unknown, to: unknown, path = ''): FieldChange[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  const [a, b] = [keyed(from), keyed(to)];
  if (!a || !b) return [{ path: path.replace(/^\./, ''), from, to }];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => diffSpecs(a[key], b[key], path + key));
}

const shown = (value: unknown): string => {
  if (value === undefined) return '(nothing)';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** A line for people: `etcd.storage: "10Gi" -> "20Gi"`. */
export const formatChange = ({ path, from, to }: FieldChange): string => `${path}: ${shown(from)} -> ${shown(to)}`;
