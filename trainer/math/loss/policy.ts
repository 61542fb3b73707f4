// The losses of policy and value function in plain numbers, each with its exact gradient.
import { type Numbers, sameLength } from './numbers';

export interface PolicyLossInput {
  /** log p now, log p at experience time, advantage; all [N] over completion tokens. */
  logprobs: Numbers;
  oldLogprobs: Numbers;
  advantages: Numbers;
  /** Off-policy weight of each token (a constant, no gradient). Default 1. */
  weights?: Numbers;
  /** epsilon of PPO's clip; null leaves the ratio free. */
  clip: number | null;
  /** c of the dual clip (Ye et al. 2020), only for negative advantages; null is off. */
  dualClip: number | null;
  /** Divisor: completion tokens of the whole minibatch, so that micro-batches add up to it. Default N. */
  normaliser?: number;
}

export interface PolicyLoss {
  loss: number;
  /** d loss / d logprobs. [N] */
  gradient: Float32Array;
  /** Sums over the N tokens, for the caller to divide by the whole minibatch. Tokens clipped below and above 1. */
  clippedLow: number;
  clippedHigh: number;
  /** log p - log p old. */
  logRatio: number;
  /** 1/2 (log p - log p old)^2. */
  approxKl: number;
  ratio: number;
  ratioSquared: number;
}

/** PPO: mean of max(-A rho, -A clip(rho, 1 +- eps)), rho = exp(clamp(log p - log p old, +-20)). */
export function clippedPolicyLoss(input: PolicyLossInput): PolicyLoss {
  const { logprobs, oldLogprobs, advantages, weights, clip, dualClip } = input;
  const n = sameLength(logprobs, oldLogprobs, advantages);
  const divisor = input.normaliser ?? n;
  const out: PolicyLoss = {
    loss: 0,
    gradient: new Float32Array(n),
    clippedLow: 0,
    clippedHigh: 0,
    logRatio: 0,
    approxKl: 0,
    ratio: 0,
    ratioSquared: 0,
  };
  for (let i = 0; i < n; i++) {
    const difference = logprobs[i]! - oldLogprobs[i]!;
    const ratio = Math.exp(Math.min(Math.max(difference, -20), 20));
    const inRange = Math.abs(difference) < 20;
    const advantage = advantages[i]!;
    const weight = (weights?.[i] ?? 1) / divisor;
    const plain = -advantage * ratio;
    const bounded = clip === null ? plain : -advantage * Math.min(Math.max(ratio, 1 - clip), 1 + clip);
    let value = Math.max(plain, bounded);
    let slope = plain >= bounded && inRange ? plain : 0; // d(-A rho)/d logp = -A rho
    if (bounded > plain && ratio < 1) out.clippedLow++;
    if (bounded > plain && ratio > 1) out.clippedHigh++;
    if (dualClip !== null && advantage < 0 && value > -advantage * dualClip) {
      value = -advantage * dualClip;
      slope = 0;
    }
    out.loss += value * weight;
    out.gradient[i] = slope * weight;
    out.logRatio += difference;
    out.approxKl += difference ** 2 / 2;
    out.ratio += ratio;
    out.ratioSquared += ratio ** 2;
  }
  return out;
}

export interface ValueLoss {
  loss: number;
  /** d loss / d values. [N] */
  gradient: Float32Array;
  /** Tokens where the clipped error was the larger one. */
  clipped: number;
}

/** 1/2 mean of max((V - R)^2, (clip(V, V old +- eps) - R)^2); eps null is off. */
export function clippedValueLoss(
  values: Numbers,
  oldValues: Numbers,
  returns: Numbers,
  clip: number | null,
  normaliser?: number,
): ValueLoss {
  const n = sameLength(values, oldValues, returns);
  const divisor = normaliser ?? n;
  const out: ValueLoss = { loss: 0, gradient: new Float32Array(n), clipped: 0 };
  for (let i = 0; i < n; i++) {
    const error = values[i]! - returns[i]!;
    const low = oldValues[i]! - (clip ?? Infinity);
    const high = oldValues[i]! + (clip ?? Infinity);
    const bounded = Math.min(Math.max(values[i]!, low), high);
    const boundedError = bounded - returns[i]!;
    const isClipped = boundedError ** 2 > error ** 2;
    out.loss += (isClipped ? boundedError ** 2 : error ** 2) / (2 * divisor);
    out.gradient[i] = (isClipped ? (bounded === values[i]! ? boundedError : 0) : error) / divisor;
    if (isClipped) out.clipped++;
  }
  return out;
}
