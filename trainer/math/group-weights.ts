// Weights of groups that rise with their losses, so that the group that is served worst counts most.
//
// Group DRO (Sagawa et al. 2020): algorithm 1, exponentiated gradient ascent on the groups' losses, and their adjustment
// C / sqrt(n) for small groups. Three things differ. A loss is relative to that of scores of 0, because kinds of feedback
// have different floors. The weights start at the groups' shares, where the objective is the plain mean. And no weight
// rises above `mostFactor` times its share, which makes the objective a conditional value at risk (Rockafellar and
// Uryasev 2000): a group that votes by chance has the highest loss, and would take everything.

export interface JudgedGroup {
  /** Share of the weight of all feedback, above 0. */
  share: number;
  examples: number;
  /** Mean loss of scores of 0. */
  chanceLoss: number;
}

/** What some examples of a group add up to. */
export interface GroupSum {
  weight: number;
  /** Sum of weighted losses. */
  loss: number;
}

export interface GroupStep {
  /** Log-weight for each unit of relative loss. */
  rate: number;
  /** C */
  adjustment: number;
  mostFactor: number;
}

/** The groups' weights, which add up to 1, after the losses of a batch or of everything. */
export function nextGroupWeights(
  weights: ArrayLike<number>,
  groups: readonly JudgedGroup[],
  sums: readonly GroupSum[],
  { rate, adjustment, mostFactor }: GroupStep,
): number[] {
  const whole = sums.reduce((sum, { weight }) => sum + weight, 0);
  if (whole === 0) return Array.from(weights);
  const losses = sums.map(({ loss }, g) => loss / groups[g]!.chanceLoss);
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / whole;
  const raised = groups.map(({ share, examples }, g) => {
    // The mean is taken off, because a group that is missing from a batch must not fall behind. Over all batches the
    // expectation is the group's mean loss less that of all.
    const excess = (losses[g]! - mean * sums[g]!.weight) / (whole * share);
    return weights[g]! * Math.exp(rate * (excess + adjustment / Math.sqrt(examples)));
  });
  return bounded(
    raised,
    groups.map(({ share }) => mostFactor * share),
  );
}

/** The weights nearest to these in relative entropy that add up to 1 and stay below their bounds, whose sum is above 1. */
function bounded(weights: readonly number[], bounds: readonly number[]): number[] {
  const isAtBound = weights.map(() => false);
  for (;;) {
    const left = 1 - bounds.reduce((sum, bound, g) => sum + (isAtBound[g] ? bound : 0), 0);
    const free = weights.reduce((sum, weight, g) => sum + (isAtBound[g] ? 0 : weight), 0);
    const scaled = weights.map((weight, g) => (isAtBound[g] ? bounds[g]! : (weight / free) * left));
    const over = scaled.flatMap((weight, g) => (!isAtBound[g] && weight > bounds[g]! ? [g] : []));
    if (over.length === 0) return scaled;
    for (const g of over) isAtBound[g] = true;
  }
}
