/** The middle one; of an even number the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
    : (sorted[Math.floor(middle)] ?? NaN);
}

/** Prints medians in seconds, what fedctl took more, and the ratio. */
export function printTable(rows: readonly { row: string; hand: number; fedctl: number }[]): void {
  const cells = rows.map(({ row, hand, fedctl }) => [
    row,
    hand.toFixed(2),
    fedctl.toFixed(2),
    (fedctl - hand).toFixed(2),
    (fedctl / hand).toFixed(3),
  ]);
  for (const line of [['median', 'by hand, s', 'fedctl, s', 'more, s', 'ratio'], ...cells])
    console.log(line.map((cell, at) => (at === 0 ? cell.padEnd(10) : cell.padStart(12))).join(''));
}

/** Prints what something costs, in ms, and why it is done. */
export const printCost = (name: string, seconds: number, why: string): void =>
  console.log(`  ${name.padEnd(10)}${String(Math.round(seconds * 1_000)).padStart(6)} ms  ${why}`);
