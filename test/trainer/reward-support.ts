// Trains a reward model for the tests and keeps what it reports.
import type { RewardModelConfig } from '@/core/config/reward';
import type { RewardExample } from '@/trainer/math/reward-examples';
import type { Backbone } from '@/trainer/model/types';
import { type RewardModelInput, trainRewardModel } from '@/trainer/reward/train';
import type { Metrics } from '@/trainer/runs/store';

export async function trainReward(
  backbone: Backbone,
  examples: RewardExample[],
  config: RewardModelConfig,
  extra: Partial<RewardModelInput> = {},
) {
  const log: Metrics[] = [];
  const result = await trainRewardModel({
    backbone,
    examples,
    config,
    signal: new AbortController().signal,
    onMetrics: (_stage, _step, metrics) => log.push(metrics),
    checkpoints: null,
    ...extra,
  });
  return { ...result, log };
}
