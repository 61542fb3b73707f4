// Direct preference optimisation on stored comparisons: the policy is its own reward model, and no samples are drawn.
//
// Rafailov et al. 2023: -log sigmoid(beta * (logratio chosen - logratio rejected)). A tie is half a win for each side, and a
// pair in which both are bad is a tie. Left out: label smoothing, because trust in raters already weights each
// comparison.

import type { DpoConfig } from '@/core/config/policy';
import { dpoLoss, type PreferencePair } from '@/trainer/math/loss/preference';
import { mean } from '@/trainer/policy/metrics';
import type { OfflineAlgorithm, PreferenceItem } from '@/trainer/policy/offline-loop';
import type { Metrics } from '@/trainer/runs/store';

interface Pair extends PreferenceItem {
  isTie: boolean;
}

export function dpo(config: DpoConfig, comparisons: readonly PreferencePair[]): OfflineAlgorithm<Pair> {
  const { beta } = config;
  return {
    config,
    needsMismatchedKl: false,
    items: comparisons.map(({ promptIds, chosenIds, rejectedIds, outcome, weight }) => ({
      completions: [
        { promptIds, completionIds: chosenIds },
        { promptIds, completionIds: rejectedIds },
      ],
      isTie: outcome !== 'chosen',
      weight,
    })),
    loss: (logRatios, pairs, { normaliser }) => dpoLoss(logRatios, pairs, beta, normaliser),
    metrics(logRatios, pairs): Metrics {
      const decided = [...pairs.keys()].filter((i) => !pairs[i]!.isTie);
      const chosen = decided.map((i) => beta * logRatios[2 * i]!);
      const rejected = decided.map((i) => beta * logRatios[2 * i + 1]!);
      const margins = chosen.map((x, i) => x - rejected[i]!);
      return {
        'rewards/chosen': mean(chosen),
        'rewards/rejected': mean(rejected),
        'rewards/margins': mean(margins),
        // Equal rewards, as before the first step, count as half right.
        'rewards/accuracies': mean(margins.map((x) => (x > 0 ? 1 : x === 0 ? 0.5 : 0))),
      };
    },
  };
}
