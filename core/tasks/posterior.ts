// What votes say about a linear reward: a Gaussian around the most probable weights (Laplace's approximation).
import { choleskyFactor, inverseFromFactor, logDeterminant, solveWithFactor } from './cholesky';

export interface Vote {
  /** For a comparison: the features of the preferred completion minus those of the other. [size] */
  features: Float64Array;
  /** Trust in the rater, 0 to 1. */
  weight: number;
}

export interface Posterior {
  /** [size] */
  mean: Float64Array;
  /** [size, size], row by row */
  covariance: Float64Array;
  /** Laplace's approximation of log p(votes | precision), MacKay 1992: the best of several precisions has the largest. */
  logEvidence: number;
}

/** A Newton step whose largest change of a weight is below this ends the search. */
const TOLERANCE = 1e-6;
const MOST_STEPS = 50;

/**
 * Bradley-Terry with the prior N(0, 1 / precision) on each weight: maximises
 * sum of weight * log sigmoid(w . features) - precision / 2 |w|^2, and takes the curvature there. `start` is a guess at
 * the mean, which saves steps. The objective is concave, so the result does not depend on it.
 */
export function fitPosterior(votes: readonly Vote[], size: number, precision: number, start?: Float64Array): Posterior {
  const mean = start ? Float64Array.from(start) : new Float64Array(size);
  for (let step = 0; step < MOST_STEPS; step++) {
    const { gradient, curvature, value } = expand(votes, mean, precision);
    const direction = solveWithFactor(choleskyFactor(curvature, size), gradient);
    // The full step can overshoot far from the maximum; halving it until the objective rises always ends.
    let scale = 1;
    const next = () => mean.map((own, i) => own + scale * direction[i]!);
    while (scale > 1e-4 && objective(votes, next(), precision) < value) scale /= 2;
    mean.set(next());
    if (Math.max(...direction.map(Math.abs)) * scale < TOLERANCE) break;
  }
  const { curvature, value } = expand(votes, mean, precision);
  const factor = choleskyFactor(curvature, size);
  const logEvidence = value + (size * Math.log(precision) - logDeterminant(factor, size)) / 2;
  return { mean, covariance: inverseFromFactor(factor, size), logEvidence };
}

function objective(votes: readonly Vote[], at: Float64Array, precision: number): number {
  let value = (-precision / 2) * dot(at, at);
  for (const { features, weight } of votes) value -= weight * softplus(-dot(at, features));
  return value;
}

/** The objective, its gradient, and its negative second derivative (lower triangle). */
function expand(votes: readonly Vote[], at: Float64Array, precision: number) {
  const size = at.length;
  const gradient = at.map((own) => -precision * own);
  const curvature = new Float64Array(size * size);
  for (let i = 0; i < size; i++) curvature[i * size + i] = precision;
  for (const { features, weight } of votes) {
    const probability = sigmoid(dot(at, features));
    const slope = weight * (1 - probability);
    const bend = weight * probability * (1 - probability);
    for (let i = 0; i < size; i++) {
      const own = features[i]!;
      gradient[i]! += slope * own;
      const scaled = bend * own;
      const row = i * size;
      for (let j = 0; j <= i; j++) curvature[row + j]! += scaled * features[j]!;
    }
  }
  return { gradient, curvature, value: objective(votes, at, precision) };
}

export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
