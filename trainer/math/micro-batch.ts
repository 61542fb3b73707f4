// Decides which rows share one forward and backward pass.

/**
 * Groups indexes by length, longest first, so that rows times the longest stays within `tokens`; a longer index gets
 * its own group. `rows` counts the rows of one index (2 for a pair). The grouping depends only on the arguments.
 */
export function packByLength(
  lengths: readonly number[],
  tokens: number,
  rows: (index: number) => number = () => 1,
): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const groups: number[][] = [];
  let filled = 0;
  for (const i of order) {
    const group = groups.at(-1);
    if (group && (filled + rows(i)) * lengths[group[0]!]! <= tokens) {
      group.push(i);
      filled += rows(i);
    } else {
      groups.push([i]);
      filled = rows(i);
    }
  }
  return groups;
}
