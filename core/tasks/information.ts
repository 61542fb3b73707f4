// How much one vote on an item lowers the reward model's uncertainty about all items.
//
// V-optimal design for logistic regression (Schein and Ungar 2007): with weights w ~ N(mean, S), a vote on features x
// has the Fisher information J about w.x and takes J S x xᵀ S / (1 + J xᵀ S x) off S, whatever its outcome. The sum of
// the predictive variances of all candidates, each weighted to the target mix, then falls by
// J xᵀ S M S x / (1 + J xᵀ S x), where M is the mean of their x xᵀ. Long vectors that no other item resembles gain
// little by it, unlike under maximal entropy or D-optimality.

import { dot, sigmoid } from './posterior';
import type { TaskCandidate, TaskQuestion } from './question';

type InformationQuestion = Pick<TaskQuestion, 'candidates' | 'posterior' | 'weights'>;

interface Known {
  features: Float64Array;
  /** J */
  fisher: number;
  /** xᵀ S x */
  variance: number;
  /** xᵀ S M S x */
  reach: number;
}

export class CandidateInformation {
  private readonly known: (Known | null)[];
  private readonly covariance: Float64Array;
  private readonly moment: Float64Array;
  private readonly average: number;

  constructor(question: InformationQuestion, targetRatio: (at: number) => number) {
    const { candidates, posterior, weights } = question;
    const size = posterior.mean.length;
    this.covariance = Float64Array.from(posterior.covariance);
    this.moment = momentOf(candidates, targetRatio, size);
    this.known = candidates.map((candidate) => {
      const { features } = candidate;
      if (!features) return null;
      const u = times(this.covariance, features);
      const variance = dot(features, u);
      const fisher = fisherInformation(dot(posterior.mean, features), variance, candidate.votes, weights);
      return { features, fisher, variance, reach: dot(u, times(this.moment, u)) };
    });
    const gains = this.known.filter((own) => own !== null).map(gainOf);
    this.average = gains.reduce((sum, gain) => sum + gain, 0) / gains.length || 1;
  }

  /** In units of the average candidate before any vote of the batch. */
  of(at: number): number {
    const known = this.known[at];
    return known ? gainOf(known) / this.average : 1;
  }

  /** Takes what a vote on this item is expected to teach off all others: a rank-one update of S. */
  expectVote(at: number): void {
    const asked = this.known[at];
    if (!asked) return;
    const u = times(this.covariance, asked.features); // S x
    const seen = times(this.moment, u); // M S x
    const h = times(this.covariance, seen); // S M S x
    const m = dot(u, seen);
    const c = asked.fisher / (1 + asked.fisher * asked.variance);
    for (const own of this.known) {
      if (!own) continue;
      const xu = dot(own.features, u);
      own.reach += c * xu * (c * m * xu - 2 * dot(own.features, h));
      own.variance -= c * xu * xu;
    }
    const size = u.length;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) this.covariance[i * size + j]! -= c * u[i]! * u[j]!;
    }
  }
}

const gainOf = ({ fisher, variance, reach }: Known): number => (fisher * reach) / (1 + fisher * variance);

/**
 * Information of the next vote on an item about the logit w.x ~ N(mean, variance).
 *
 * The probability is taken at mean / sqrt(1 + pi variance / 8) (MacKay 1992). A vote is right with probability
 * (1 + trust) / 2, so its own probability P has the slope trust p (1 - p) and J = slope^2 / (P (1 - P)). With an effect
 * of variance t peculiar to the item, n votes are worth n J / (1 + n J t); the next one adds the difference.
 */
export function fisherInformation(
  mean: number,
  variance: number,
  votes: TaskCandidate['votes'],
  { trust, itemVariance }: Pick<TaskQuestion['weights'], 'trust' | 'itemVariance'>,
): number {
  const probability = sigmoid(mean / Math.sqrt(1 + (Math.PI * variance) / 8));
  const answered = (1 - trust) / 2 + trust * probability;
  const slope = trust * probability * (1 - probability);
  if (slope === 0) return 0;
  const own = slope ** 2 / (answered * (1 - answered));
  const before = (votes[0] + votes[1]) * own * itemVariance;
  return own / ((1 + before) * (1 + before + own * itemVariance));
}

/** M [size, size] */
function momentOf(candidates: readonly TaskCandidate[], ratio: (at: number) => number, size: number): Float64Array {
  const moment = new Float64Array(size * size);
  for (const [at, { features }] of candidates.entries()) {
    if (!features) continue;
    const share = ratio(at) / candidates.length;
    for (let i = 0; i < size; i++) {
      const scaled = share * features[i]!;
      for (let j = 0; j < size; j++) moment[i * size + j]! += scaled * features[j]!;
    }
  }
  return moment;
}

/** A symmetric matrix [size, size] times x. */
function times(matrix: Float64Array, x: Float64Array): Float64Array {
  const size = x.length;
  return x.map((_, i) => dot(matrix.subarray(i * size, (i + 1) * size), x));
}
