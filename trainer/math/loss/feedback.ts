// One likelihood over one scalar score for every kind of feedback, with exact gradients for scores and rater biases.
//
// Comparisons (ties as half wins, both-bad with a thumb down each), corrections, best-of-N and rankings, thumbs with a
// bias per rater, ratings and questionnaires, and implicit signals if the run asks for them; each term times the trust in
// its rater. Bradley and Terry 1952; Plackett 1975 and Luce 1959 for best-of-N and rankings; McCullagh 1980 for ratings.
//
// Ratings are an ordinal logit and not a squared error: its latent is the logit that comparisons and thumbs observe, so
// the terms need no exchange rate, no outlier has a slope above 1, and a 10 sets no ceiling.

import { latentInterval, type RatingScales } from '@/trainer/math/rating-scale';
import { completionsOf, type RewardExample, weightIn } from '@/trainer/math/reward-examples';
import { implicitLoss, type Signal } from './implicit';
import { rankingLoss } from './ranking';
import { safetyLoss } from './safety';
import { bradleyTerryLoss, logSigmoid, type ScoreLoss, sigmoid, thumbLoss } from './score';

/** Cross-entropy of the softmax over each group's scores with its pick; the groups' scores follow one another. */
export function bestOfLoss(
  scores: ArrayLike<number>,
  groups: readonly { count: number; best: number; weight: number }[],
  normaliser: number,
): ScoreLoss {
  const out: ScoreLoss = { loss: 0, gradient: new Float32Array(scores.length) };
  let start = 0;
  for (const { count, best, weight } of groups) {
    const own = Array.from({ length: count }, (_, i) => scores[start + i]!);
    const highest = Math.max(...own);
    const total = own.reduce((sum, score) => sum + Math.exp(score - highest), 0);
    const w = weight / normaliser;
    out.loss -= w * (own[best]! - highest - Math.log(total));
    own.forEach((score, i) => {
      out.gradient[start + i] = w * (Math.exp(score - highest) / total - (i === best ? 1 : 0));
    });
    start += count;
  }
  return out;
}

/**
 * Ordinal logit: -log(sigmoid(high - score) - sigmoid(low - score)), the probability that the score plus logistic noise
 * is in the interval. Its slope is 1 - sigmoid(high - score) - sigmoid(low - score).
 */
export function intervalLoss(
  scores: ArrayLike<number>,
  intervals: readonly { low: number; high: number; weight: number }[],
  normaliser: number,
): ScoreLoss {
  const out: ScoreLoss = { loss: 0, gradient: new Float32Array(scores.length) };
  intervals.forEach(({ low, high, weight }, i) => {
    const [above, below] = [high - scores[i]!, low - scores[i]!];
    const w = weight / normaliser;
    // sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^(b - a)), which stays exact far into the tails.
    out.loss -= w * (logSigmoid(above) + logSigmoid(-below) + Math.log1p(-Math.exp(below - above)));
    out.gradient[i] = w * (1 - sigmoid(above) - sigmoid(below));
  });
  return out;
}

export interface FeedbackLossOptions {
  /** Index of each rater of thumbs among the biases. */
  raters: ReadonlyMap<string, number>;
  /** Index of each implicit signal's slope among the biases; its level is the next one. */
  signals: ReadonlyMap<Signal, number>;
  /** What is fitted beside the scores. */
  biases: ArrayLike<number>;
  scales: RatingScales;
  /** Weight of (sum of a pair's scores)^2, and of (twice the mean)^2 for more completions: keeps scores around zero. */
  centering: number;
  /** Divisor: the weight of the whole batch, so that micro-batches add up to it. */
  normaliser: number;
  /** Multiplies each example's weight; for the bootstrap of an ensemble. Default 1. */
  weightOf?: (example: RewardExample) => number;
}

export interface FeedbackLoss extends ScoreLoss {
  biasGradient: Float32Array;
}

/** `scores` has one number for each completion of each example, in order. */
export function feedbackLoss(
  examples: readonly RewardExample[],
  scores: ArrayLike<number>,
  options: FeedbackLossOptions,
): FeedbackLoss {
  const { raters, signals, biases, scales, centering, normaliser, weightOf } = options;
  const out: FeedbackLoss = {
    loss: 0,
    gradient: new Float32Array(scores.length),
    biasGradient: new Float32Array(biases.length),
  };
  let start = 0;
  for (const example of examples) {
    const count = completionsOf(example).length;
    const own = Array.from({ length: count }, (_, i) => scores[start + i]!);
    const weight = example.weight * (example.share ?? 1) * (weightOf?.(example) ?? 1);
    const term = weight < 0 ? turnedOver({ ...example, weight: -weight }, own) : termOf({ ...example, weight }, own);
    out.loss += term.loss;
    out.gradient.set(term.gradient, start);
    start += count;
  }
  return out;

  function termOf(example: RewardExample, own: number[]): ScoreLoss {
    const { weight } = example;
    switch (example.kind) {
      case 'comparison':
        return bradleyTerryLoss(own, [example], { centering, normaliser });
      case 'correction': {
        const pair = { outcome: 'chosen' as const, margin: example.margin, weight };
        return bradleyTerryLoss(own, [pair], { centering, normaliser });
      }
      case 'best_of': {
        const group = { count: own.length, best: example.best, weight };
        return centred(bestOfLoss(own, [group], normaliser), own, weight);
      }
      case 'ranking':
        return centred(rankingLoss(own, example.ranks, weight / normaliser), own, weight);
      case 'thumb': {
        const vote = { up: example.up, weight, rater: raters.get(example.rater)! };
        const { biasGradient, ...term } = thumbLoss(own, [vote], biases, normaliser);
        out.biasGradient[vote.rater]! += biasGradient[vote.rater]!;
        return term;
      }
      case 'rating':
      case 'questionnaire':
        return intervalLoss(own, [{ ...latentInterval(example, scales), weight }], normaliser);
      case 'safety':
        return safetyLoss(own, example, weight / normaliser);
      case 'implicit': {
        const terms = { parameters: biases, placeOf: signals, weight: weight / normaliser };
        const { parameterGradient, ...term } = implicitLoss(own[0]!, example.signals, terms);
        for (const [i, slope] of parameterGradient.entries()) out.biasGradient[i]! += slope;
        return term;
      }
    }
  }

  /** The likelihood of the opposite judgement; a pick, a text, a flaw and a both-bad have none, and say nothing. */
  function turnedOver(example: RewardExample, own: number[]): ScoreLoss {
    switch (example.kind) {
      case 'comparison': {
        if (example.outcome === 'both_bad') break;
        const term = termOf(example, own.toReversed());
        return { ...term, gradient: term.gradient.toReversed() };
      }
      case 'thumb':
        return termOf({ ...example, up: !example.up }, own);
      case 'ranking':
        return termOf({ ...example, ranks: example.ranks.map((rank) => -rank) }, own);
      case 'rating': {
        const { low, high } = latentInterval(example, scales);
        return intervalLoss(own, [{ low: -high, high: -low, weight: example.weight }], normaliser);
      }
    }
    return { loss: 0, gradient: new Float32Array(own.length) };
  }

  function centred(term: ScoreLoss, own: number[], weight: number): ScoreLoss {
    const level = (2 * own.reduce((sum, score) => sum + score, 0)) / own.length;
    const w = (weight * centering) / normaliser;
    return {
      loss: term.loss + w * level ** 2,
      gradient: term.gradient.map((slope) => slope + (w * 2 * level * 2) / own.length),
    };
  }
}

/** The loss of each example at a weight of 1; 0 for one that is not believed. */
export function lossOfEach(
  examples: readonly RewardExample[],
  scores: ArrayLike<number>,
  options: Omit<FeedbackLossOptions, 'normaliser' | 'weightOf'>,
): Float64Array {
  let start = 0;
  return Float64Array.from(examples, (example) => {
    const own = Array.from(completionsOf(example), (_, i) => scores[start + i]!);
    start += own.length;
    const normaliser = weightIn(example);
    return normaliser === 0 ? 0 : feedbackLoss([example], own, { ...options, normaliser }).loss;
  });
}
