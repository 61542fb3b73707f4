// The figures of one iteration under TRL's names, averaged over only completion tokens (TRL averages padding in).
import { moments } from '@/trainer/math/advantages';
import { importanceRatios } from '@/trainer/math/importance';
import { tokenKl } from '@/trainer/math/kl';
import type { Metrics } from '@/trainer/runs/store';
import { type Experience, endsByItself, ownRows, selectRows } from './experience';

export const sum = (row: ArrayLike<number>) => Array.from(row).reduce((a, b) => a + b, 0);
export const mean = (row: ArrayLike<number>) => (row.length ? sum(row) / row.length : 0);
const deviation = (row: ArrayLike<number>) => Math.sqrt(moments([row]).variance);

/** Nats summed over a completion, averaged over the policy's own completions: always k1, whatever the penalty uses. */
export function klPerSequence(experience: Experience): number {
  const { logprobs, referenceLogprobs } = experience;
  return mean(ownRows(experience).map((row) => sum(tokenKl(logprobs[row]!, referenceLogprobs[row]!))));
}

export interface MetricsContext {
  klCoefficient: number;
  /** Divergence of each token by the configured estimator; one row per completion. */
  penalty: Float32Array[];
  /** Most tokens allowed in a completion. */
  cap: number;
  endIds: readonly number[];
}

/**
 * Figures of the samples before any step on them. Stored ones of older policies count only in `sampling/`, `stored/`.
 */
export function experienceMetrics(experience: Experience, context: MetricsContext): Metrics {
  const { klCoefficient, cap, endIds } = context;
  const rows = ownRows(experience);
  const { scores, logprobs, completionIds, rewardScores, costs } = selectRows(experience, rows);
  const nonScore = -klCoefficient * mean(rows.map((row) => sum(context.penalty[row]!)));
  const metrics: Metrics = {
    'objective/kl': klPerSequence(experience),
    'objective/kl_coef': klCoefficient,
    // As in TRL: the sampled estimate, in nats per completion.
    'objective/entropy': -mean(logprobs.map(sum)),
    'objective/non_score_reward': nonScore,
    'objective/scores': mean(scores),
    'objective/scores_std': deviation(scores),
    'objective/rlhf_reward': nonScore + mean(scores),
    'objective/reward_model': mean(rewardScores),
    'val/num_eos_tokens': completionIds.filter((ids) => endsByItself(ids, endIds)).length,
    ...lengthMetrics(completionIds, scores, cap, endIds),
    ...samplerMetrics(experience),
  };
  for (const [name, cost] of costs) metrics[`costs/${name}`] = mean(cost);
  if (rows.length < experience.scores.length) {
    metrics['stored/answers'] = experience.scores.length - rows.length;
    metrics['stored/staleness_max'] = experience.staleness.reduce((a, b) => Math.max(a, b), 0);
  }
  return metrics;
}

function lengthMetrics(
  completionIds: Int32Array[],
  scores: Float32Array,
  cap: number,
  endIds: readonly number[],
): Metrics {
  const lengths = completionIds.map((ids) => ids.length).sort((a, b) => a - b);
  const ended = completionIds.filter((ids) => endsByItself(ids, endIds)).map((ids) => ids.length);
  const isCut = (ids: Int32Array) => ids.length >= cap && !endsByItself(ids, endIds);
  const clipped = mean(completionIds.map((ids) => (isCut(ids) ? 1 : 0)));
  const quantile = (share: number) => lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))] ?? 0;
  return {
    'response_length/mean': mean(lengths),
    'response_length/min': quantile(0),
    'response_length/p10': quantile(0.1),
    'response_length/p50': quantile(0.5),
    'response_length/p90': quantile(0.9),
    'response_length/max': quantile(1),
    'response_length/clip_ratio': clipped,
    'response_length/score_correlation': pearson(
      completionIds.map((ids) => ids.length),
      scores,
    ),
    'completions/mean_length': mean(lengths),
    'completions/min_length': quantile(0),
    'completions/max_length': quantile(1),
    'completions/clipped_ratio': clipped,
    'completions/mean_terminated_length': mean(ended),
  };
}

/** Compares the sampler with the trainer's own arithmetic, before truncation, which would hide a problem. */
function samplerMetrics({ logprobs, engineLogprobs }: Experience): Metrics {
  const ratios = logprobs.flatMap((row, i) => [...importanceRatios(row, engineLogprobs[i]!)]);
  const probabilities = logprobs.flatMap((row) => Array.from(row, Math.exp));
  const sampled = engineLogprobs.flatMap((row) => Array.from(row, Math.exp));
  const differences = probabilities.map((p, i) => Math.abs(p - sampled[i]!));
  const logDifferences = ratios.map((ratio) => Math.abs(Math.log(ratio)));
  const largest = (values: number[]) => values.reduce((a, b) => Math.max(a, b), 0);
  return {
    'training/rollout_probs_diff_max': largest(differences),
    'training/rollout_probs_diff_mean': mean(differences),
    'training/rollout_probs_diff_std': deviation(differences),
    'training/rollout_actor_probs_pearson_corr': pearson(probabilities, sampled),
    'sampling/sampling_logp_difference/mean': mean(logDifferences),
    'sampling/sampling_logp_difference/max': largest(logDifferences),
    'sampling/importance_sampling_ratio/min': ratios.reduce((a, b) => Math.min(a, b), Infinity),
    'sampling/importance_sampling_ratio/mean': mean(ratios),
    'sampling/importance_sampling_ratio/max': largest(ratios),
  };
}

/** TRL's figures of groups; the scores of a prompt's k completions are neighbours. */
export function groupMetrics(scores: ArrayLike<number>, perPrompt: number): Metrics {
  const all = Array.from(scores);
  const groups = Array.from({ length: all.length / perPrompt }, (_, g) =>
    all.slice(g * perPrompt, (g + 1) * perPrompt),
  );
  const deviations = groups.map((group) => Math.sqrt(moments([group], true).variance));
  return {
    reward: mean(all),
    reward_std: mean(deviations),
    frac_reward_zero_std: mean(deviations.map((x) => (x < 1e-8 ? 1 : 0))),
  };
}

/** Share of the returns' variance that the values explain. */
export function explainedVariance(values: Float32Array[], returns: Float32Array[]): number {
  const errors = returns.map((row, i) => row.map((x, t) => x - values[i]![t]!));
  const { variance } = moments(returns);
  return variance > 0 ? 1 - moments(errors).variance / variance : 0;
}

export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [mx, my, sx, sy] = [mean(x), mean(y), deviation(x), deviation(y)];
  if (sx === 0 || sy === 0) return 0;
  return mean(Array.from(x, (a, i) => (a - mx) * (y[i]! - my))) / (sx * sy);
}
