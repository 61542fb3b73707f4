// A linear reward model over kept features, small enough for a whole grid: the probes' convex likelihood on one core.
import { hash32, Rng } from '@/core/rng';
import { sigmoid } from '@/core/trust/items';
import { minimise } from '@/trainer/math/lbfgs';
import { logSigmoid } from '@/trainer/math/loss/score';
import type { JudgedPair } from './pairs';

/** Weight of the votes for side A and of those for side B of one pair. */
export interface PairVotes {
  pair: number;
  a: number;
  b: number;
}

const PRECISIONS = [10_000, 3000];
/** The prior under which raters are judged: one is enough for that. */
export const MIDDLE_PRECISION = [3000];
const FOLDS = 5;

/** Minimises the sum of weighted losses + precision / 2 |w|^2. */
export function fitProbe(
  pairs: readonly JudgedPair[],
  votes: readonly PairVotes[],
  precision: number,
  start?: Float64Array,
): Float64Array {
  const width = pairs[0]!.features.length;
  const whole = votes.reduce((sum, { a, b }) => sum + a + b, 0) || 1;
  return minimise(
    (x) => {
      const gradient = x.map((value) => (precision / whole) * value);
      let value = 0;
      for (let i = 0; i < width; i++) value += (precision / whole / 2) * x[i]! ** 2;
      for (const { pair, a, b } of votes) {
        const { features } = pairs[pair]!;
        const score = dot(features, x);
        value -= (a * logSigmoid(score) + b * logSigmoid(-score)) / whole;
        const slope = ((a + b) * sigmoid(score) - a) / whole;
        for (let i = 0; i < width; i++) gradient[i]! += slope * features[i]!;
      }
      return { value, gradient };
    },
    start ?? new Float64Array(width),
    { tolerance: 3e-3, maxSteps: 15 },
  ).x;
}

export interface CrossFit {
  precision: number;
  /** Log odds of side A by a fit that has not seen the pair's prompt, by place of the pair. */
  beliefs: Map<number, number>;
}

/** Chooses the precision by the loss of predictions across folds of prompts, as the reward model's probes do. */
export function crossFit(
  pairs: readonly JudgedPair[],
  votes: readonly PairVotes[],
  seed: number,
  precisions: readonly number[] = PRECISIONS,
): CrossFit {
  const prompts = new Rng(hash32(seed, -3)).shuffle([...new Set(votes.map(({ pair }) => pairs[pair]!.prompt))].sort());
  const foldOf = new Map(prompts.map((prompt, i) => [prompt, i % FOLDS]));
  const candidates = precisions.map((precision) => ({ precision, loss: 0, beliefs: new Map<number, number>() }));
  for (let fold = 0; fold < FOLDS; fold++) {
    const isIn = ({ pair }: PairVotes) => foldOf.get(pairs[pair]!.prompt) === fold;
    const inside = votes.filter((own) => !isIn(own));
    let solution: Float64Array | undefined;
    for (const candidate of candidates) {
      solution = fitProbe(pairs, inside, candidate.precision, solution);
      for (const { pair, a, b } of votes.filter(isIn)) {
        const score = dot(pairs[pair]!.features, solution);
        candidate.beliefs.set(pair, score);
        candidate.loss -= a * logSigmoid(score) + b * logSigmoid(-score);
      }
    }
  }
  return candidates.reduce((best, candidate) => (candidate.loss < best.loss ? candidate : best));
}

export function accuracyOf(
  pairs: readonly JudgedPair[],
  places: readonly number[],
  solution: Float64Array,
  truthOf: (pair: JudgedPair) => boolean = ({ truth }) => truth === 1,
): number {
  const right = places.map((place) => {
    const score = dot(pairs[place]!.features, solution);
    return score === 0 ? 0.5 : Number(score > 0 === truthOf(pairs[place]!));
  });
  return right.reduce((a, b) => a + b, 0) / right.length;
}

export function dot(features: Float32Array, x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < features.length; i++) sum += features[i]! * x[i]!;
  return sum;
}
