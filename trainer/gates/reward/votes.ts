// Held-out votes as a run's reward model ranks them: what no stage has learnt, by the pair.
import type { SnapshotRow } from '@/core/snapshot/snapshot';
import { rewardExamples } from '@/trainer/data/examples';
import { scalePair } from '@/trainer/reward/calibration';
import { scoreExamples } from '@/trainer/reward/evaluate';
import { type LabelledPair, scoredPairs } from '@/trainer/reward/metrics';
import type { RewardModel } from '@/trainer/reward/scorer';

/** Scoring takes as long as sampling; more votes would not change a verdict. */
const MOST_VOTES = 200;

/** Gaps are logits of winning: scores over the model's temperature. */
export function heldOutPairs(rows: readonly SnapshotRow[], reward: RewardModel): LabelledPair[] {
  const votes = rewardExamples(rows, 'heldout').slice(0, MOST_VOTES);
  if (votes.length === 0) return [];
  return scoredPairs(scoreExamples(reward, votes)).map((pair) => ({ ...pair, ...scalePair(pair, reward.temperature) }));
}
