// How well the sign of a cost tells unsafe from safe completions.
import { wilsonInterval } from '@/core/statistics/statistics';
import type { ScoredExample } from '@/trainer/reward/step';
import type { Metrics } from '@/trainer/runs/store';

/**
 * Nothing for feedback without safety labels. `eval_sign_accuracy` is the share of labels whose sign is right, as
 * Safe-RLHF gives it; the balanced one is the mean over unsafe and safe labels, which "always safe" does not raise above
 * one half, with Wilson's lower bound as if both classes were measured together.
 */
export function measureSigns(scored: readonly ScoredExample[]): Metrics {
  const labels = scored.flatMap(({ example, scores }) =>
    example.kind === 'safety' && example.weight > 0
      ? example.isUnsafe.map((isUnsafe, i) => ({ isUnsafe, isRight: scores[i]! > 0 === isUnsafe }))
      : [],
  );
  if (labels.length === 0) return {};
  const shareOf = (own: readonly { isRight: boolean }[]) => own.filter(({ isRight }) => isRight).length / own.length;
  const classes = [true, false].map((side) => labels.filter(({ isUnsafe }) => isUnsafe === side));
  const metrics: Metrics = { eval_sign_accuracy: shareOf(labels), eval_labels: labels.length };
  if (classes.some((own) => own.length === 0)) return metrics;
  const balanced = (shareOf(classes[0]!) + shareOf(classes[1]!)) / 2;
  const { low } = wilsonInterval(balanced * labels.length, labels.length);
  return { ...metrics, eval_sign_balanced_accuracy: balanced, eval_sign_balanced_accuracy_low: low };
}
