/** Flag of kube-dns (kubernetes/dns cmd/kube-dns/app/options): `--federations=<name>=<domain>[,...]`. */
const flag = '--federations';

interface Argv {
  command?: string[];
  args?: string[];
}

/** Where a container's flag stands, or would stand. */
export interface FlagPlace {
  field: 'command' | 'args';
  /** Place in the field; its length when the flag is absent. */
  at: number;
  /** The value stands in the item after the flag. */
  separate: boolean;
  /** undefined: the flag is absent. */
  value: string | undefined;
}

/** Finds the flag in `args`, then in `command`; the last one of several counts, because flags are read in order. */
export function flagPlace(container: Argv): FlagPlace {
  for (const field of ['args', 'command'] as const) {
    const items = container[field] ?? [];
    const at = items.findLastIndex((item) => item === flag || item.startsWith(`${flag}=`));
    if (at < 0) continue;
    const separate = items[at] === flag;
    return { field, at, separate, value: separate ? (items[at + 1] ?? '') : items[at]?.slice(flag.length + 1) };
  }
  // Kubernetes appends args to command, so a new flag at the end of args reaches the program either way.
  return { field: 'args', at: container.args?.length ?? 0, separate: false, value: undefined };
}

/** The field's items with the flag set to `value`, or without the flag; everything else stays as it is, where it is. */
export function withFlag(container: Argv, place: FlagPlace, value: string | undefined): string[] {
  const items = container[place.field] ?? [];
  const taken = place.value === undefined ? 0 : place.separate ? 2 : 1;
  const put = value === undefined ? [] : place.separate ? [flag, value] : [`${flag}=${value}`];
  return [...items.slice(0, place.at), ...put, ...items.slice(place.at + taken)];
}

/** Why a flag cannot be added to this container; undefined: it can. */
export function argvProblem(container: Argv): string | undefined {
  const shell = [...(container.command ?? []), ...(container.args ?? [])].some(
    (item, at, all) => item === '-c' && /(^|\/)(ba|da)?sh$/.test(all[at - 1] ?? ''),
  );
  return shell ? 'runs a shell script, in which a flag would go nowhere' : undefined;
}
