// Differences of log-probabilities between two computations of one policy, and between two policies.

/** Mean |a - b| over all tokens of all completions, in nats. */
export function meanDifference(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  let sum = 0;
  let tokens = 0;
  for (const [i, row] of a.entries()) {
    for (let t = 0; t < row.length; t++) sum += Math.abs(row[t]! - b[i]![t]!);
    tokens += row.length;
  }
  return tokens ? sum / tokens : Number.POSITIVE_INFINITY;
}

/** Nats per completion: sum over its tokens of log p - log p(reference), averaged over completions. */
export function meanDivergence(logprobs: readonly Float32Array[], reference: readonly Float32Array[]): number {
  const perCompletion = logprobs.map((row, i) => row.reduce((sum, x, t) => sum + x - reference[i]![t]!, 0));
  return perCompletion.reduce((a, b) => a + b, 0) / perCompletion.length;
}
