/** One federation as kube-dns is told of it: `<name>=<domain>`. */
export interface FederationDomain {
  federation: string;
  domain: string;
}

/** What the setting was before us and as we left it, kept beside it so that it can be given back exactly. */
export interface Former {
  /** Exact text before us; null: the setting was absent. */
  former: string | null;
  /** Exact text as we left it: any other text was written by somebody else since. */
  applied: string;
  /** The ConfigMap itself was made by us. */
  created?: true;
}

/** A change to make: the text to write and what to remember of the one before. */
export interface SettingEdit {
  value: string;
  former: Former;
}

const nameOf = (item: string): string => item.trim().split('=', 1)[0]?.trim() ?? '';
const itemsOf = (text: string | undefined): string[] => (text ?? '').split(',').filter((item) => item.trim() !== '');
const itemFor = ({ federation, domain }: FederationDomain): string => `${federation}=${domain}`;
/** White space around items is allowed (kubernetes/dns pkg/dns/federation trims); it does not make another value. */
const normal = (item: string): string =>
  item
    .split('=')
    .map((part) => part.trim())
    .join('=');

/** True when the setting names this federation, whatever its domain. */
export const namesFederation = (text: string | undefined, federation: string): boolean =>
  itemsOf(text).some((item) => nameOf(item) === federation);

/** The setting with this federation in it: others and their order stay, an entry of the same name gets the new domain. */
export function withFederation(text: string | undefined, entry: FederationDomain): string {
  const items = itemsOf(text);
  const ours = items.filter((item) => nameOf(item) === entry.federation);
  if (ours.length === 0) return [...trimmedEnd(items), itemFor(entry)].join(',');
  if (ours.every((item) => normal(item) === itemFor(entry))) return text ?? '';
  return items.map((item) => (nameOf(item) === entry.federation ? itemFor(entry) : item)).join(',');
}

/** A ConfigMap value often ends in a newline, which must not stand between the last item and the next. */
const trimmedEnd = (items: string[]): string[] =>
  items.map((item, at) => (at === items.length - 1 ? item.trimEnd() : item));

/** The setting without this federation; undefined when nothing is left of it. */
export function withoutFederation(text: string | undefined, federation: string): string | undefined {
  if (!namesFederation(text, federation)) return text;
  const left = itemsOf(text).filter((item) => nameOf(item) !== federation);
  return left.length === 0 ? undefined : left.join(',');
}

/** What to write so that the setting names the federation; undefined: it does already. `known` is what we remember of an earlier edit. */
export function editToAdd(
  current: string | undefined,
  known: Former | undefined,
  entry: FederationDomain,
): SettingEdit | undefined {
  const value = withFederation(current, entry);
  if (value === current) return undefined;
  return { value, former: { ...rememberedFormer(current, known, entry.federation), applied: value } };
}

function rememberedFormer(
  current: string | undefined,
  known: Former | undefined,
  federation: string,
): Omit<Former, 'applied'> {
  if (!known) return { former: current ?? null };
  const created = known.created ? { created: true as const } : {};
  if (current === known.applied) return { former: known.former, ...created };
  // Somebody wrote in between: what stands now, less our part, is what there would be without us.
  return { former: withoutFederation(current, federation) ?? null, ...created };
}

/** The text to go back to (undefined: none): the exact former one, or, when somebody changed it since, what stands less our part. */
export function valueWithoutUs(current: string | undefined, known: Former, federation: string): string | undefined {
  return current === known.applied ? (known.former ?? undefined) : withoutFederation(current, federation);
}

/** Reads what `annotationOf` keeps; undefined for anything that is not ours or was broken by hand. */
export function parseFormer(text: string | undefined): Former | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Former> | null;
    if (typeof value?.applied !== 'string') return undefined;
    if (value.former !== null && typeof value.former !== 'string') return undefined;
    return { former: value.former, applied: value.applied, ...(value.created === true ? { created: true } : {}) };
  } catch {
    return undefined;
  }
}
