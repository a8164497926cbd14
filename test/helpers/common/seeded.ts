/** Numbers that look random and are the same for the same seed (mulberry32), so that a failure can be had again. */
export interface Seeded {
  /** An integer from 0 to below `below`. */
  below(below: number): number;
  pick<T>(of: readonly T[]): T;
  shuffled<T>(of: readonly T[]): T[];
  label(): string;
}

export function seeded(seed: number): Seeded {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(of: readonly T[]): T => of[below(of.length)]!;
  const shuffled = <T>(of: readonly T[]): T[] =>
    of.map((value) => ({ value, key: next() })).sort((a, b) => a.key - b.key).map(({ value }) => value); // prettier-ignore
  const label = (): string =>
    `${pick([...'abcdefgh'])}${Array.from({ length: below(12) }, () => pick([...'abcxyz019-'])).join('')}z`;
  return { below, pick, shuffled, label };
}
