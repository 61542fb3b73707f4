// Kahneman-Tversky optimisation on single completions that were found good or bad; comparisons count as one of each.
//
// Ethayarajh et al. 2024: 1 - sigmoid(beta (logratio - kl)) for a good completion, with the sign reversed for a bad
// one; kl is the mean log-ratio of the batch's completions under each other's prompts, at least 0, without a gradient.
// Ties say neither and are left out; in a pair that is bad on both sides, both completions are bad.
import type { KtoConfig } from '@/core/config/policy';
import { ktoLoss, type PreferencePair, type ThumbedCompletion } from '@/trainer/math/loss/preference';
import { mean } from '@/trainer/policy/metrics';
import type { OfflineAlgorithm, PreferenceItem } from '@/trainer/policy/offline-loop';
import type { Metrics } from '@/trainer/runs/store';

interface Thumbed extends PreferenceItem {
  up: boolean;
}

export function kto(
  config: KtoConfig,
  comparisons: readonly PreferencePair[],
  thumbs: readonly ThumbedCompletion[],
): OfflineAlgorithm<Thumbed> {
  const { beta, desirableWeight, undesirableWeight } = config;
  const item = (promptIds: Int32Array, completionIds: Int32Array, up: boolean, weight: number): Thumbed => ({
    completions: [{ promptIds, completionIds }],
    up,
    weight: weight * (up ? desirableWeight : undesirableWeight),
  });
  return {
    config,
    needsMismatchedKl: true,
    items: [
      ...comparisons.flatMap(({ promptIds, chosenIds, rejectedIds, outcome, weight }) =>
        outcome === 'tie'
          ? []
          : [item(promptIds, chosenIds, outcome === 'chosen', weight), item(promptIds, rejectedIds, false, weight)],
      ),
      ...thumbs.map(({ promptIds, completionIds, up, weight }) => item(promptIds, completionIds, up, weight)),
    ],
    loss: (logRatios, completions, { kl, normaliser }) => ktoLoss(logRatios, completions, { beta, kl, normaliser }),
    metrics(logRatios, completions): Metrics {
      const of = (up: boolean) => logRatios.filter((_, i) => completions[i]!.up === up).map((x) => beta * x);
      const [chosen, rejected] = [of(true), of(false)];
      const signed = [...chosen, ...rejected.map((x) => -x)];
      return {
        'rewards/chosen': mean(chosen),
        'rewards/rejected': mean(rejected),
        'rewards/margins': mean(chosen) - mean(rejected),
        'rewards/accuracies': mean(signed.map((x) => (x > 0 ? 1 : x === 0 ? 0.5 : 0))),
      };
    },
  };
}
