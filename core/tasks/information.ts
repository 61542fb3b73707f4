// How much one vote on an item settles which of two completions, or sides of the scale, the reward model prefers.
//
// After the prediction-oriented designs of logistic models (Schein and Ungar 2007; Bickford Smith et al. 2023). With
// weights w ~ N(mean, S), a vote on features x has the Fisher information J about w.x and takes
// J S x xᵀ S / (1 + J xᵀ S x) off S, whatever its outcome. The predictive variances of all candidates, weighted by c, then
// fall by J xᵀ S M S x / (1 + J xᵀ S x), where M is the mean of their c x xᵀ. An item's c is its share in the target mix
// times exp(-z^2 / 2) / variance, z being its mean over its deviation: relative to the variance, because only the sign of
// a difference matters and not its size, and more where the sign is in doubt. So an item that resembles no other, and one
// that is long without bearing on close calls, gains little, unlike under maximal entropy or D-optimality.
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
    this.moment = new Float64Array(size * size);
    this.known = candidates.map(({ features, votes }, at) => {
      if (!features) return null;
      const mean = dot(posterior.mean, features);
      const variance = dot(features, times(this.covariance, features));
      if (variance > 0) addSquare(this.moment, features, targetRatio(at) * doubt(mean, variance));
      return { features, fisher: fisherInformation(mean, variance, votes, weights), variance, reach: 0 };
    });
    for (const own of this.known) {
      if (!own) continue;
      const u = times(this.covariance, own.features);
      own.reach = dot(u, times(this.moment, u));
    }
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

/** How much an item's variance matters for its sign; without bounds as the variance goes to 0 at a mean of 0. */
export const doubt = (mean: number, variance: number): number => Math.exp(-(mean ** 2) / (2 * variance)) / variance;

/** Adds scale * x xᵀ to a matrix [size, size]. */
function addSquare(matrix: Float64Array, x: Float64Array, scale: number): void {
  for (let i = 0; i < x.length; i++) {
    const scaled = scale * x[i]!;
    for (let j = 0; j < x.length; j++) matrix[i * x.length + j]! += scaled * x[j]!;
  }
}

/** A symmetric matrix [size, size] times x. */
function times(matrix: Float64Array, x: Float64Array): Float64Array {
  const size = x.length;
  return x.map((_, i) => dot(matrix.subarray(i * size, (i + 1) * size), x));
}
