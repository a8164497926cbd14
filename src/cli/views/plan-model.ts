import { createHash } from 'node:crypto';
import type { HostRef } from '../../catalogue/call.ts';
import type { PreviewAction } from '../../catalogue/planned.ts';
import { placeOfPlanned } from '../../graph/places.ts';
import type { Place } from '../../kubernetes/place.ts';
import { countActions, type ObjectPreview, type Preview, wouldChange } from '../../plan/preview.ts';
import { canonical } from '../../spec/canonical.ts';
import type { Spec } from '../../spec/schema.ts';
import { cut, wrap } from '../io/format.ts';
import { plain, type Paint, type Style } from '../io/io.ts';

/** What a plan was made for; `up --plan` needs no other file. */
export interface PlanAbout {
  host: HostRef;
  /** With its paths resolved; it holds no secrets. */
  spec: Spec;
  /** As given to `plan`; a run of the plan has them too. */
  flags: { prune: boolean; adopt: boolean; takeOwnership: boolean };
}

/** The document of `fedctl plan -o json`: the artefact of a plan. */
export interface PlanDocument extends Preview, PlanAbout {
  apiVersion: 'fedctl/v1alpha1';
  kind: 'Plan';
  /** SHA-256 of everything else in it: the same world and the same file give the same. */
  digest: string;
  changes: boolean;
  counts: Record<PreviewAction, number>;
}

/** Objects in an order that does not depend on who answered first. */
export function planDocument(preview: Preview, about: PlanAbout): PlanDocument {
  const order = (one: ObjectPreview): string => [orderOfPlace(one), one.kind, one.namespace, one.name].join(' ');
  const objects = preview.objects.toSorted((a, b) => order(a).localeCompare(order(b)));
  const sorted = { apiVersion: 'fedctl/v1alpha1' as const, kind: 'Plan' as const, ...preview, ...about, objects };
  return { ...sorted, digest: planDigest(sorted), changes: wouldChange(sorted), counts: countActions(objects) };
}

/** Digest of a plan's content, whatever it says of itself. */
export function planDigest(plan: Partial<PlanDocument>): string {
  const { digest: _digest, changes: _changes, counts: _counts, ...content } = plan;
  return `sha256:${createHash('sha256')
    .update(JSON.stringify(canonical(content)))
    .digest('hex')}`;
}

const placeOrder: Readonly<Record<Place['kind'], string>> = { host: '0', member: '1', dns: '2', federation: '3' };

/** The host first, then the members by name, the DNS provider and the federation API; the same for the same place. */
function orderOfPlace(object: ObjectPreview): string {
  const place = placeOfPlanned(object);
  return `${placeOrder[place.kind]}${place.kind === 'member' ? place.member : ''}`;
}

const marks: Readonly<Record<PreviewAction, { mark: string; style: Style }>> = {
  create: { mark: '+', style: 'green' },
  update: { mark: '~', style: 'yellow' },
  keep: { mark: '=', style: 'dim' },
  delete: { mark: '-', style: 'red' },
};

/** The plan for people: what changes, object by object; what is kept only as a count, unless `all`. */
export function planLines(
  plan: PlanDocument,
  columns: number,
  options: { all?: boolean; paint?: Paint } = {},
): string[] {
  const { all = false, paint = plain } = options;
  const places = [...new Set(plan.objects.map(orderOfPlace))];
  const groups = places.flatMap((place) => {
    const objects = plan.objects.filter((one) => orderOfPlace(one) === place);
    const shown = objects.filter(({ action }) => all || action !== 'keep');
    const folded = objects.length - shown.length;
    const rest = folded > 0 ? [paint('dim', `  = ${folded} kept`)] : [];
    return [
      paint('bold', objects[0]?.cluster ?? ''),
      ...shown.flatMap((one) => objectLines(one, columns, paint)),
      ...rest,
    ];
  });
  const obstacles = plan.obstacles.flatMap(({ step, code, message }) => {
    const [first = '', ...rest] = wrap(`${step}: ${message}${code ? ` (${code})` : ''}`, columns - 4);
    return [`${paint('red', '!')} ${first}`, ...rest.map((line) => `    ${line}`)];
  });
  const blocked = obstacles.length > 0 ? ['', 'a turn-up would block here:', ...obstacles] : [];
  return [...groups, ...blocked, '', ...wrap(summaryOf(plan), columns)];
}

function objectLines(
  { action, kind, namespace, name, fields, note }: ObjectPreview,
  columns: number,
  paint: Paint,
): string[] {
  const { mark, style } = marks[action];
  const said = note ? ` (${note})` : '';
  const head = `${kind} ${namespace && namespace !== name ? `${namespace}/` : ''}${name}${said}`;
  const changes = fields.map(({ path, from, to }) => `${path}: ${from ?? '(none)'} -> ${to ?? '(none)'}`);
  return [
    `  ${paint(style, mark)} ${cut(head, columns - 4)}`,
    ...changes.flatMap((line) =>
      wrap(line, columns - 8).map((part, at) => `${at === 0 ? '      ' : '        '}${part}`),
    ),
  ];
}

const words: readonly [PreviewAction, string][] = [
  ['create', 'to create'],
  ['update', 'to update'],
  ['delete', 'to delete'],
  ['keep', 'kept'],
];

/** One sentence: what would come of a turn-up. */
export function summaryOf({ changes, counts, obstacles }: PlanDocument): string {
  if (!changes) return `no changes: ${counts.keep} objects match the file`;
  const told = words.flatMap(([action, word]) => (counts[action] > 0 ? [`${counts[action]} ${word}`] : []));
  const blocked = obstacles.length > 0 ? [`${obstacles.length} in the way`] : [];
  return `plan: ${[...told, ...blocked].join(', ')}; nothing was written`;
}
