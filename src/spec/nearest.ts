/** Edits that make one short word of another: a letter put in, taken out, changed, or swapped with its neighbour. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const far = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row.push(Math.min(far(i - 1, j - 1) + same, far(i - 1, j) + 1, far(i, j - 1) + 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(far(i, j), far(i - 2, j - 2) + 1);
    }
  }
  return far(a.length, b.length);
}

/** The allowed word that was probably meant: at most a third of its letters differ (and case never counts). */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const lower = word.toLowerCase();
  const rated = allowed.map((one) => ({ one, far: distance(lower, one.toLowerCase()) }));
  const [best] = rated.sort((a, b) => a.far - b.far);
  return best && best.far <= Math.max(1, Math.floor(best.one.length / 3)) ? best.one : undefined;
}
