// The figures of one PPO iteration under TRL's names, averaged over response tokens alone (TRL averages padding in).
import { moments } from './advantage';
import { type Experience, endsByItself } from './experience';
import { tokenKl } from './kl';

export type Metrics = Record<string, number>;

const sum = (row: ArrayLike<number>) => Array.from(row).reduce((a, b) => a + b, 0);
const mean = (row: ArrayLike<number>) => (row.length ? sum(row) / row.length : 0);
const deviation = (row: ArrayLike<number>) => Math.sqrt(moments([row]).variance);

/** Nats summed over an answer, averaged over answers: always k1, whatever the penalty uses. */
export const klPerSequence = ({ logprobs, referenceLogprobs }: Experience) =>
  mean(logprobs.map((row, i) => sum(tokenKl(row, referenceLogprobs[i]!))));

/** What the samples say, before any step on them. */
export function experienceMetrics(
  experience: Experience,
  {
    klCoefficient,
    penalty,
    cap,
    endIds,
  }: { klCoefficient: number; penalty: Float32Array[]; cap: number; endIds: number[] },
): Metrics {
  const { scores, logprobs, engineLogprobs, answerIds, rewardScores } = experience;
  const lengths = answerIds.map((ids) => ids.length);
  const nonScore = -klCoefficient * mean(penalty.map(sum));
  const probabilities = logprobs.flatMap((row) => Array.from(row, Math.exp));
  const engineProbabilities = engineLogprobs.flatMap((row) => Array.from(row, Math.exp));
  const differences = probabilities.map((p, i) => Math.abs(p - engineProbabilities[i]!));
  const ratios = logprobs.flatMap((row, i) => Array.from(row, (x, t) => Math.exp(x - engineLogprobs[i]![t]!)));
  const metrics: Metrics = {
    'objective/kl': klPerSequence(experience),
    'objective/kl_coef': klCoefficient,
    // As TRL: the sampled estimate, nats per answer.
    'objective/entropy': -mean(logprobs.map(sum)),
    'objective/non_score_reward': nonScore,
    'objective/scores': mean(scores),
    'objective/scores_std': deviation(scores),
    'objective/rlhf_reward': nonScore + mean(scores),
    'objective/reward_model': mean(rewardScores),
    'val/num_eos_tokens': answerIds.filter((ids) => endsByItself(ids, endIds)).length,
    'response_length/mean': mean(lengths),
    'response_length/min': Math.min(...lengths),
    'response_length/max': Math.max(...lengths),
    'response_length/clip_ratio': mean(
      answerIds.map((ids) => (ids.length >= cap && !endsByItself(ids, endIds) ? 1 : 0)),
    ),
    'response_length/score_correlation': pearson(lengths, scores),
    'training/rollout_probs_diff_max': differences.reduce((a, b) => Math.max(a, b), 0),
    'training/rollout_probs_diff_mean': mean(differences),
    'training/rollout_probs_diff_std': deviation(differences),
    'training/rollout_actor_probs_pearson_corr': pearson(probabilities, engineProbabilities),
    // Raw, before truncation, which would hide trouble.
    'sampling/importance_sampling_ratio/min': ratios.reduce((a, b) => Math.min(a, b), Infinity),
    'sampling/importance_sampling_ratio/mean': mean(ratios),
    'sampling/importance_sampling_ratio/max': ratios.reduce((a, b) => Math.max(a, b), 0),
  };
  for (const [name, costs] of experience.costs) metrics[`costs/${name}`] = mean(costs);
  return metrics;
}

/** Share of the returns' variance that the values explain. */
export function explainedVariance(values: Float32Array[], returns: Float32Array[]): number {
  const errors = returns.map((row, i) => row.map((x, t) => x - values[i]![t]!));
  const { variance } = moments(returns);
  return variance > 0 ? 1 - moments(errors).variance / variance : 0;
}

function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [mx, my, sx, sy] = [mean(x), mean(y), deviation(x), deviation(y)];
  if (sx === 0 || sy === 0) return 0;
  return mean(Array.from(x, (a, i) => (a - mx) * (y[i]! - my))) / (sx * sy);
}

/** Sums over the minibatches of one iteration; plain numbers, so that a checkpoint keeps them. */
export interface UpdateSums {
  steps: number;
  tokens: number;
  policyLoss: number;
  valueLoss: number;
  clipped: number;
  valueClipped: number;
  approxKl: number;
  ratio: number;
  ratioSquared: number;
  entropy: number;
  gradNorm: number;
  valueGradNorm: number;
  /** Minibatches that went too far and were not applied: 0 or 1. */
  rejected: number;
}

export const NO_UPDATE: UpdateSums = {
  steps: 0,
  tokens: 0,
  policyLoss: 0,
  valueLoss: 0,
  clipped: 0,
  valueClipped: 0,
  approxKl: 0,
  ratio: 0,
  ratioSquared: 0,
  entropy: 0,
  gradNorm: 0,
  valueGradNorm: 0,
  rejected: 0,
};

export const addSums = (a: UpdateSums, b: UpdateSums): UpdateSums =>
  Object.fromEntries(
    Object.entries(a).map(([key, value]) => [key, value + b[key as keyof UpdateSums]]),
  ) as unknown as UpdateSums;

/** What the steps did. Losses and norms are means over steps, the rest over tokens. */
export function updateMetrics(sums: UpdateSums): Metrics {
  const { steps, tokens, ratio } = sums;
  const perToken = (x: number) => (tokens ? x / tokens : 0);
  const perStep = (x: number) => (steps ? x / steps : 0);
  return {
    'policy/approxkl_avg': perToken(sums.approxKl),
    'policy/clipfrac_avg': perToken(sums.clipped),
    'policy/entropy_avg': perToken(sums.entropy),
    'loss/policy_avg': perStep(sums.policyLoss),
    'loss/value_avg': perStep(sums.valueLoss),
    'val/clipfrac_avg': perToken(sums.valueClipped),
    'val/ratio': perToken(ratio),
    'val/ratio_var': perToken(sums.ratioSquared) - perToken(ratio) ** 2,
    grad_norm: perStep(sums.gradNorm),
    value_grad_norm: perStep(sums.valueGradNorm),
    steps,
    stopped_early: sums.rejected,
  };
}
