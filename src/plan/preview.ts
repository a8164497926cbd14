import { isMap } from '../spec/json.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { PlannedObject, PreviewAction } from '../catalogue/planned.ts';

/** One field as it stands and as it would be; null: absent. Of a Secret's data only the path is told. */
export interface FieldChange {
  path: string;
  from: string | null;
  to: string | null;
}

/** One object of a preview: what `up --plan` compares before it writes, and what people read. */
export interface ObjectPreview extends PlannedObject {
  fields: FieldChange[];
  /** Where there is more to say than the fields do. */
  note: string | null;
}

/** A step at which a turn-up would block as things stand, or whose objects cannot be told. */
export interface PreviewObstacle {
  step: string;
  /** Word of the errors' table; null when only an earlier step is in the way. */
  code: string | null;
  message: string;
}

/** What a turn-up would do. Plain data without secrets. */
export interface Preview {
  federation: string;
  /** Of the spec it was made for. */
  specDigest: string;
  objects: ObjectPreview[];
  obstacles: PreviewObstacle[];
}

/** Marks of writes, and what controllers tell: no part of what is wanted. */
const unmeant: ReadonlySet<string> = new Set([
  'metadata.resourceVersion',
  'metadata.managedFields',
  'metadata.generation',
  'metadata.uid',
  'metadata.creationTimestamp',
  'metadata.selfLink',
  'status',
]);

/** What an object means: without status and the marks of writes. */
export function meaningOf(object: KubeObject): object {
  const meant = (value: unknown, path: string): unknown =>
    isMap(value) && !path.includes('.')
      ? Object.fromEntries(
          Object.entries(value).flatMap(([key, item]) => {
            const at = path === '' ? key : `${path}.${key}`;
            return unmeant.has(at) ? [] : [[key, meant(item, at)]];
          }),
        )
      : value;
  return meant(object, '') as object;
}

/** All that is told of a Secret: an annotation may quote its data (kubectl's last-applied-configuration does). */
const openInSecrets = /^(metadata\.labels|type)\b/;
/** What stands in place of a value that is not told. */
export const secretPlaceholder = '(secret)';

/** Lists whose items all have a name (containers, ports, volumes) are compared by it. */
function byName(list: readonly unknown[]): Record<string, unknown> | undefined {
  const names = list.map((item) => (isMap(item) ? item['name'] : undefined));
  if (names.some((name) => typeof name !== 'string') || new Set(names).size !== names.length) return undefined;
  return Object.fromEntries(list.map((item, at) => [String(names[at]), item]));
}

const keysOf = (...maps: readonly Record<string, unknown>[]): string[] => [
  ...new Set(maps.flatMap((map) => Object.keys(map))),
];

const text = (value: unknown): string | null => {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** Every field that differs, by path, in the order of the objects. */
export function fieldChanges(before: KubeObject, after: KubeObject): FieldChange[] {
  const secret = after.kind === 'Secret';
  const changes: FieldChange[] = [];
  const compare = (path: string, from: unknown, to: unknown): void => {
    if (unmeant.has(path) || JSON.stringify(from) === JSON.stringify(to)) return;
    const parts = children(from, to);
    if (parts) {
      for (const { step, was, is } of parts) compare(path === '' ? step.replace(/^\./, '') : `${path}${step}`, was, is);
      return;
    }
    const hide = secret && !openInSecrets.test(path);
    const shown = (value: unknown): string | null => (hide && value !== undefined ? secretPlaceholder : text(value));
    changes.push({ path, from: shown(from), to: shown(to) });
  };
  compare('', before, after);
  return changes;
}

interface Child {
  step: string;
  was: unknown;
  is: unknown;
}

/** The parts of two values of the same shape; undefined where they are compared as wholes. */
function children(from: unknown, to: unknown): Child[] | undefined {
  if (isMap(from) && isMap(to))
    return mapChildren(from, to, (key) => (/^[\w-]+$/.test(key) ? `.${key}` : `["${key}"]`));
  if (!Array.isArray(from) || !Array.isArray(to)) return undefined;
  const [was, is] = [byName(from), byName(to)];
  if (was && is && from.length > 0 && to.length > 0) return mapChildren(was, is, (key) => `[${key}]`);
  return listChildren(from, to);
}

const mapChildren = (
  from: Record<string, unknown>,
  to: Record<string, unknown>,
  step: (key: string) => string,
): Child[] => keysOf(from, to).map((key) => ({ step: step(key), was: from[key], is: to[key] }));

/** Items that only one of the lists has (arguments are sets of flags to a reader); by place when the order alone differs. */
function listChildren(from: readonly unknown[], to: readonly unknown[]): Child[] {
  const [was, is] = [from.map((item) => JSON.stringify(item)), to.map((item) => JSON.stringify(item))];
  const gone = from.flatMap((item, at) =>
    is.includes(was[at] ?? '') ? [] : [{ step: `[${at}]`, was: item, is: undefined }],
  );
  const come = to.flatMap((item, at) =>
    was.includes(is[at] ?? '') ? [] : [{ step: `[${at}]`, was: undefined, is: item }],
  );
  const paired = new Map<string, Child>();
  for (const child of [...gone, ...come]) {
    const other = paired.get(child.step);
    paired.set(child.step, other ? { step: child.step, was: other.was, is: child.is } : child);
  }
  if (paired.size > 0) return [...paired.values()];
  return to.map((item, at) => ({ step: `[${at}]`, was: from[at], is: item }));
}

/** How many objects each action takes. */
export function countActions(objects: readonly Pick<ObjectPreview, 'action'>[]): Record<PreviewAction, number> {
  const counts: Record<PreviewAction, number> = { create: 0, update: 0, keep: 0, delete: 0 };
  for (const { action } of objects) counts[action] += 1;
  return counts;
}

/** Whether a turn-up would write anything. */
export const wouldChange = ({ objects, obstacles }: Preview): boolean =>
  obstacles.length > 0 || objects.some(({ action }) => action !== 'keep');
