// The losses of DPO and KTO in plain numbers: preferences over log-ratios of whole completions, with exact gradients.
import { bradleyTerryLoss, type Outcome, type ScoreLoss, sigmoid } from './score';

/** Two completions of a prompt, and which one was preferred. */
export interface PreferencePair {
  promptIds: Int32Array;
  /** In either order for a tie. They include the end token unless the completion was cut off. */
  chosenIds: Int32Array;
  rejectedIds: Int32Array;
  outcome: Outcome;
  /** Trust in the rater, 0 to 1. */
  weight: number;
}

/** One completion that was found good or bad. */
export interface ThumbedCompletion {
  promptIds: Int32Array;
  completionIds: Int32Array;
  up: boolean;
  weight: number;
}

/**
 * DPO (Rafailov et al. 2023): Bradley-Terry over the implicit rewards beta * log(policy / reference), pairs laid out
 * [chosen 0, rejected 0, chosen 1, ...]. A tie is half a win for each side. The gradient is with respect to the
 * log-ratios.
 */
export function dpoLoss(
  logRatios: ArrayLike<number>,
  pairs: readonly { isTie: boolean; weight: number }[],
  beta: number,
  normaliser?: number,
): ScoreLoss {
  const rewards = Float64Array.from(logRatios, (ratio) => beta * ratio);
  const comparisons = pairs.map(({ isTie, weight }) => ({
    outcome: isTie ? ('tie' as const) : ('chosen' as const),
    margin: 0,
    weight,
  }));
  const { loss, gradient } = bradleyTerryLoss(rewards, comparisons, { centering: 0, normaliser });
  return { loss, gradient: gradient.map((slope) => beta * slope) };
}

/**
 * KTO (Ethayarajh et al. 2024): w (1 - sigmoid(beta (logratio - kl))) for a good completion, with the sign reversed for
 * a bad one; kl is a constant. The gradient is with respect to the log-ratios.
 */
export function ktoLoss(
  logRatios: ArrayLike<number>,
  completions: readonly { up: boolean; weight: number }[],
  { beta, kl, normaliser }: { beta: number; kl: number; normaliser?: number },
): ScoreLoss & { losses: Float32Array } {
  const divisor = normaliser ?? completions.length;
  const losses = new Float32Array(completions.length);
  const gradient = new Float32Array(completions.length);
  let loss = 0;
  completions.forEach(({ up, weight }, i) => {
    const sign = up ? 1 : -1;
    const won = sigmoid(sign * beta * (logRatios[i]! - kl));
    losses[i] = 1 - won;
    loss += (weight * (1 - won)) / divisor;
    gradient[i] = (-sign * beta * weight * won * (1 - won)) / divisor;
  });
  return { loss, losses, gradient };
}

/** KTO's reference point: the mean log-ratio of completions under prompts that are not their own, at least 0. */
export const mismatchedKl = (logRatios: readonly number[]) =>
  Math.max(0, logRatios.reduce((a, b) => a + b, 0) / Math.max(1, logRatios.length));
