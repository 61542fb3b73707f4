// The Plackett-Luce likelihood of a whole ranking, with ties, and its exact gradient.
//
// Plackett 1975; Luce 1959: the best is drawn by softmax, then the best of the rest, and so on. A tie counts as the mean
// log-likelihood over the strict orders that agree with it, which for two completions is half a win for each, as in
// Bradley-Terry. After k of m tied completions are placed, each set of m - k is left equally often, so the mean runs over
// subsets and not over orders.
import type { ScoreLoss } from './score';

/** `ranks` has 0 for the best; equal ranks tie. At most eight completions may tie: it takes 2^m sums for m of them. */
export function rankingLoss(scores: ArrayLike<number>, ranks: readonly number[], weight: number): ScoreLoss {
  const out: ScoreLoss = { loss: 0, gradient: new Float32Array(scores.length) };
  const highest = Math.max(...Array.from(scores));
  const mass = Array.from(scores, (score) => Math.exp(score - highest));
  for (const rank of new Set(ranks)) {
    const tied = placesOf(ranks, (own) => own === rank);
    const below = placesOf(ranks, (own) => own > rank);
    // The last completion of all is certain.
    if (tied.length + below.length === 1) continue;
    for (const i of tied) {
      out.loss -= weight * (scores[i]! - highest);
      out.gradient[i]! -= weight;
    }
    for (const { members, share } of subsets(tied)) {
      const left = [...members, ...below];
      const whole = left.reduce((sum, i) => sum + mass[i]!, 0);
      out.loss += weight * share * Math.log(whole);
      for (const i of left) out.gradient[i]! += (weight * share * mass[i]!) / whole;
    }
  }
  return out;
}

/** Places of the better and the worse completion of each pair that does not tie. */
export const decidedPairs = (ranks: readonly number[]): [winner: number, loser: number][] =>
  ranks.flatMap((rank, i) => placesOf(ranks, (other) => other > rank).map((j): [number, number] => [i, j]));

const placesOf = (ranks: readonly number[], holds: (rank: number) => boolean) =>
  ranks.flatMap((rank, i) => (holds(rank) ? [i] : []));

/** The non-empty subsets; `share` is one part of all those of the same size. */
function* subsets(all: readonly number[]): Generator<{ members: number[]; share: number }> {
  for (let bits = 1; bits < 2 ** all.length; bits++) {
    const members = all.filter((_, i) => (bits >> i) & 1);
    yield { members, share: 1 / choose(all.length, members.length) };
  }
}

function choose(n: number, k: number): number {
  let product = 1;
  for (let i = 1; i <= k; i++) product *= (n - k + i) / i;
  return product;
}
