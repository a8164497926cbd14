/** As the version of an image: the newest that its registry lists, whichever that is when the run looks. */
export const newestVersion = 'newest';

/** `v1.5.0`, `1.5.0-beta.1`, `v1.5.0_build`: at least two numbers, then what is no release, or which build it is. */
const grammar = /^v?(?<numbers>\d+(?:\.\d+){1,3})(?:-(?<before>[\w.-]+?))?(?:_[\w.-]+)?$/;

interface Version {
  tag: string;
  numbers: number[];
  /** Parts of what stands before a release: `beta.1` is [`beta`, `1`]; empty for a release. */
  before: string[];
}

/**
 * The newest tag by version and not by text: v1.10.0 is newer than v1.9.0, and v1.5.0 than v1.5.0-beta.1
 * (https://semver.org, rule 11). What comes before a release counts only where there is no release. Tags that are no
 * versions do not count; undefined when none is one.
 */
export function newestTag(tags: readonly string[]): string | undefined {
  const versions = tags.flatMap((tag): Version[] => {
    const groups = grammar.exec(tag)?.groups;
    if (!groups) return [];
    const { numbers = '', before = '' } = groups;
    return [{ tag, numbers: numbers.split('.').map(Number), before: before.split('.').filter(Boolean) }];
  });
  const releases = versions.filter(({ before }) => before.length === 0);
  return (releases.length > 0 ? releases : versions).sort(newestFirst)[0]?.tag;
}

const newestFirst = (a: Version, b: Version): number =>
  compareNumbers(b.numbers, a.numbers) || compareBefore(b.before, a.before) || (a.tag < b.tag ? 1 : -1);

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A release is after all that stands before it; numbers compare as numbers and come before words. */
function compareBefore(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = comparePart(a[at], b[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const [one, two] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (one && two) return Number(a) - Number(b);
  if (one !== two) return one ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
