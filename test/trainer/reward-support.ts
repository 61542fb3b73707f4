// A tiny trunk for reward models, and training on it that keeps what it reports.
import type { RewardModelConfig } from '@/core/config/reward';
import { startBackend } from '@/trainer/backend';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { loadBackbone } from '@/trainer/model/backbone';
import type { Backbone } from '@/trainer/model/types';
import { type RewardModelInput, trainRewardModel } from '@/trainer/reward/train';
import type { Metrics } from '@/trainer/runs/store';
import { TINY, tinyWeights } from './algorithms-support';

/** Four blocks; as in a trained base, a token's embedding outweighs what one block adds. */
export async function tinyTrunk(): Promise<Backbone> {
  await startBackend();
  const weights = tinyWeights(7, { ...TINY, layers: 4 });
  const embedding = weights.tensor('model.embed_tokens.weight').float32();
  embedding.set(embedding.map((value) => 10 * value));
  return loadBackbone({ weights });
}

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
