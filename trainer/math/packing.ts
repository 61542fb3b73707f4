// Fills bins of a fixed size with rows of tokens, so that little padding is computed.

/**
 * Best fit decreasing: longest row first, into the fullest bin that still has room for it, or else into a new one; ties
 * go to the earlier row and bin. Returns indexes by bin; a row longer than `capacity` gets its own bin.
 */
export function packBestFit(lengths: readonly number[], capacity: number): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const bins: { rows: number[]; room: number }[] = [];
  for (const i of order) {
    const length = lengths[i]!;
    let best: (typeof bins)[number] | null = null;
    for (const bin of bins) if (bin.room >= length && (best === null || bin.room < best.room)) best = bin;
    if (best) {
      best.rows.push(i);
      best.room -= length;
    } else {
      bins.push({ rows: [i], room: capacity - length });
    }
  }
  return bins.map(({ rows }) => rows);
}
