// Figures of one iteration's optimiser steps: sums that a checkpoint keeps, and their means under TRL's names.
import type { Metrics } from '@/trainer/runs/store';

/** Plain numbers, so that a checkpoint keeps them exactly. */
export interface UpdateSums {
  /** Optimiser steps of the policy. */
  steps: number;
  tokens: number;
  policyLoss: number;
  valueLoss: number;
  klLoss: number;
  demonstrationLoss: number;
  clippedLow: number;
  clippedHigh: number;
  valueClipped: number;
  valueTokens: number;
  approxKl: number;
  logRatio: number;
  ratio: number;
  ratioSquared: number;
  entropy: number;
  gradNorm: number;
  valueGradNorm: number;
  /** Optimiser steps of the value head. */
  valueSteps: number;
  /** Minibatches that moved too far and were not applied: 0 or 1. */
  rejected: number;
}

export const NO_UPDATE: UpdateSums = {
  steps: 0,
  tokens: 0,
  policyLoss: 0,
  valueLoss: 0,
  klLoss: 0,
  demonstrationLoss: 0,
  clippedLow: 0,
  clippedHigh: 0,
  valueClipped: 0,
  valueTokens: 0,
  approxKl: 0,
  logRatio: 0,
  ratio: 0,
  ratioSquared: 0,
  entropy: 0,
  gradNorm: 0,
  valueGradNorm: 0,
  valueSteps: 0,
  rejected: 0,
};

export const addSums = (a: UpdateSums, b: UpdateSums): UpdateSums =>
  Object.fromEntries(
    Object.entries(a).map(([key, value]) => [key, value + b[key as keyof UpdateSums]]),
  ) as unknown as UpdateSums;

/**
 * Losses and norms are means over steps, the rest over tokens; figures that an algorithm does not have are left out.
 */
export function updateMetrics(sums: UpdateSums): Metrics {
  const { steps, tokens, valueSteps, valueTokens } = sums;
  const share = (x: number, n: number) => (n ? x / n : 0);
  const perToken = (x: number) => share(x, tokens);
  const passes = steps + sums.rejected;
  const metrics: Metrics = {
    'policy/entropy_avg': perToken(sums.entropy),
    'loss/policy_avg': share(sums.policyLoss, passes),
    grad_norm: share(sums.gradNorm, steps),
    steps,
    stopped_early: sums.rejected,
  };
  if (sums.ratio > 0) {
    const clipped = perToken(sums.clippedLow + sums.clippedHigh);
    Object.assign(metrics, {
      'policy/approxkl_avg': perToken(sums.approxKl),
      'policy/clipfrac_avg': clipped,
      'clip_ratio/low_mean': perToken(sums.clippedLow),
      'clip_ratio/high_mean': perToken(sums.clippedHigh),
      'clip_ratio/region_mean': clipped,
      'actor/ppo_kl': -perToken(sums.logRatio),
      'val/ratio': perToken(sums.ratio),
      'val/ratio_var': perToken(sums.ratioSquared) - perToken(sums.ratio) ** 2,
    });
  }
  if (valueSteps > 0) {
    Object.assign(metrics, {
      'loss/value_avg': share(sums.valueLoss, valueSteps),
      'val/clipfrac_avg': share(sums.valueClipped, valueTokens),
      value_grad_norm: share(sums.valueGradNorm, valueSteps),
    });
  }
  if (sums.klLoss !== 0) metrics['loss/kl_avg'] = share(sums.klLoss, passes);
  if (sums.demonstrationLoss !== 0) metrics['loss/demonstrations_avg'] = share(sums.demonstrationLoss, passes);
  return metrics;
}
