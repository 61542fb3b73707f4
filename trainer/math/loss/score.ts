// The losses of scores in plain numbers, each with its exact gradient: comparisons and thumbs.
import { type Numbers, sameLength } from './numbers';

/** How a comparison ended. Both bad is a tie with a thumb down for each side. */
export type Outcome = 'chosen' | 'tie' | 'both_bad';

export interface ScoreLoss {
  loss: number;
  /** d loss / d scores, in the order of the input. */
  gradient: Float32Array;
}

/**
 * Bradley-Terry over pairs laid out [chosen 0, rejected 0, chosen 1, ...]: -log sigmoid(c - r - margin); a tie is half a
 * win for each side; plus centering * (c + r)^2. Divided by `normaliser`, by default the sum of the weights.
 */
export function bradleyTerryLoss(
  scores: Numbers,
  pairs: readonly { outcome: Outcome; margin: number; weight: number }[],
  { centering, normaliser }: { centering: number; normaliser?: number },
): ScoreLoss {
  sameLength(scores, { length: 2 * pairs.length });
  const divisor = normaliser ?? pairs.reduce((sum, pair) => sum + pair.weight, 0);
  const out: ScoreLoss = { loss: 0, gradient: new Float32Array(scores.length) };
  pairs.forEach(({ outcome, margin, weight }, i) => {
    const chosen = scores[2 * i]!;
    const rejected = scores[2 * i + 1]!;
    const w = weight / divisor;
    const won = outcome === 'chosen' ? 1 : 0.5;
    const gap = chosen - rejected - (outcome === 'chosen' ? margin : 0);
    const level = chosen + rejected;
    out.loss += w * (-won * logSigmoid(gap) - (1 - won) * logSigmoid(-gap) + centering * level ** 2);
    const dGap = w * (sigmoid(gap) - won);
    const dLevel = w * 2 * centering * level;
    out.gradient[2 * i]! += dGap + dLevel;
    out.gradient[2 * i + 1]! += -dGap + dLevel;
    if (outcome === 'both_bad') {
      for (const side of [2 * i, 2 * i + 1]) {
        out.loss += -w * logSigmoid(-scores[side]!);
        out.gradient[side]! += w * sigmoid(scores[side]!);
      }
    }
  });
  return out;
}

/**
 * Thumbs as logistic observations of the score: p(up) = sigmoid(score + bias of the rater), so that the votes of
 * someone who always votes up are explained by their bias and say nothing about completions.
 */
export function thumbLoss(
  scores: Numbers,
  thumbs: readonly { up: boolean; weight: number; rater: number }[],
  biases: Numbers,
  normaliser?: number,
): ScoreLoss & { biasGradient: Float32Array } {
  sameLength(scores, thumbs);
  const divisor = normaliser ?? thumbs.reduce((sum, thumb) => sum + thumb.weight, 0);
  const out = { loss: 0, gradient: new Float32Array(scores.length), biasGradient: new Float32Array(biases.length) };
  thumbs.forEach(({ up, weight, rater }, i) => {
    const logit = scores[i]! + biases[rater]!;
    const w = weight / divisor;
    out.loss -= w * logSigmoid(up ? logit : -logit);
    const slope = w * (sigmoid(logit) - (up ? 1 : 0));
    out.gradient[i] = slope;
    out.biasGradient[rater]! += slope;
  });
  return out;
}

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Without overflow for large |x|. */
export const logSigmoid = (x: number) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
